// Greets whom the body of the request names, or the world.
#include "http.h"

void serve(struct request request) {
    answer(200, TEXT("text/plain"));
    print(TEXT("Hello, "));
    print(request.body.length ? request.body : TEXT("world"));
    print(TEXT(", from C!\n"));
}
