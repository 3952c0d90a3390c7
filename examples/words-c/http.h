// A request and its answer, as a function in C sees them. What is behind it is in http.c.
#ifndef HTTP_H
#define HTTP_H

#include <stddef.h>
#include <stdint.h>

// Bytes somewhere in memory; text is UTF-8 and ends where its length says.
struct bytes {
    const char *at;
    size_t length;
};

// A text that stands in the source: TEXT("hello").
#define TEXT(literal) ((struct bytes){literal, sizeof(literal) - 1})

// A request, whose body has arrived.
struct request {
    struct bytes method; // such as GET
    struct bytes path;   // with the query, such as /function/hello?name=Ada
    struct bytes body;
};

// Yours to write: answers one request. Begin with `answer`, go on with `print`.
void serve(struct request request);

// Sends the head of the answer: a status such as 200, a type such as text/plain.
void answer(int status, struct bytes type);

// Sends more of the body.
void print(struct bytes bytes);

// The same for a number, in decimal.
void print_number(uint64_t number);

// Memory of `size` bytes, aligned for anything and zeroed. It is given back as a whole when
// the request is answered.
void *allocate(size_t size);

#endif
