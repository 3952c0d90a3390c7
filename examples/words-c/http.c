// The bindings to wasi:http, by hand: each function below is an import or an export by the
// name and the shape that the component model's canonical ABI gives it. A value that does
// not fit a register comes back through a pointer: first its tag, then what belongs to it.
#include "http.h"

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))
#define TYPES "wasi:http/types@0.2.0"
#define STREAMS "wasi:io/streams@0.2.0"

// A thing of the host's, known here by a number.
typedef int32_t handle;

// What comes back through a pointer: whether it went well and a handle, a list, or both.
struct result {
    uint8_t tag;
    union {
        handle handle;
        struct bytes bytes;
    };
};

IMPORT(TYPES, "[method]incoming-request.method")
void request_method(handle request, struct result *method);
IMPORT(TYPES, "[method]incoming-request.path-with-query")
void request_path(handle request, struct result *path);
IMPORT(TYPES, "[method]incoming-request.consume")
void request_consume(handle request, struct result *body);
IMPORT(TYPES, "[resource-drop]incoming-request")
void request_drop(handle request);
IMPORT(TYPES, "[method]incoming-body.stream")
void incoming_stream(handle body, struct result *stream);
IMPORT(TYPES, "[resource-drop]incoming-body")
void incoming_drop(handle body);
IMPORT(STREAMS, "[method]input-stream.blocking-read")
void input_read(handle stream, uint64_t length, struct result *piece);
IMPORT(STREAMS, "[resource-drop]input-stream")
void input_drop(handle stream);

IMPORT(TYPES, "[constructor]fields")
handle fields_new(void);
IMPORT(TYPES, "[method]fields.append")
void fields_append(handle fields, const char *name, size_t name_length, const char *value,
                   size_t value_length, struct result *done);
IMPORT(TYPES, "[constructor]outgoing-response")
handle response_new(handle fields);
IMPORT(TYPES, "[method]outgoing-response.set-status-code")
int32_t response_set_status(handle response, int32_t status);
IMPORT(TYPES, "[method]outgoing-response.body")
void response_body(handle response, struct result *body);
IMPORT(TYPES, "[static]response-outparam.set")
void outparam_set(handle out, int32_t is_error, handle response, int32_t, int64_t, int32_t,
                  int32_t, int32_t, int32_t);
IMPORT(TYPES, "[method]outgoing-body.write")
void outgoing_write(handle body, struct result *stream);
IMPORT(TYPES, "[static]outgoing-body.finish")
void outgoing_finish(handle body, int32_t has_trailers, handle trailers, void *done);
IMPORT(STREAMS, "[method]output-stream.blocking-write-and-flush")
void output_write(handle stream, const char *at, size_t length, void *done);
IMPORT(STREAMS, "[resource-drop]output-stream")
void output_drop(handle stream);

// Memory is taken from the end of what the linker laid out, and never given back one by one.
extern char __heap_base;
static uintptr_t heap;

static void *take(size_t align, size_t size) {
    if (heap == 0) heap = (uintptr_t)&__heap_base;
    uintptr_t at = (heap + align - 1) & ~(uintptr_t)(align - 1);
    uintptr_t pages = __builtin_wasm_memory_size(0);
    if (size > UINTPTR_MAX - 65535 - at) __builtin_trap();
    uintptr_t needed = (at + size + 65535) / 65536;
    if (needed > pages && __builtin_wasm_memory_grow(0, needed - pages) == (size_t)-1)
        __builtin_trap();
    heap = at + size;
    return (void *)at;
}

void *allocate(size_t size) { return __builtin_memset(take(16, size), 0, size); }

// The host asks here for room for what it hands over.
EXPORT("cabi_realloc")
void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    if (old && size <= old_size) return old;
    void *at = take(align, size);
    return old ? __builtin_memcpy(at, old, old_size) : at;
}

// The most that a stream takes at once.
#define PIECE 4096

// The answer under way.
static handle out, body, stream;
static char gathered[PIECE];
static size_t gathered_length;

static void flush(void) {
    int32_t done[4];
    if (gathered_length) output_write(stream, gathered, gathered_length, done);
    gathered_length = 0;
}

void print(struct bytes bytes) {
    while (bytes.length) {
        if (gathered_length == PIECE) flush();
        size_t room = PIECE - gathered_length;
        size_t length = bytes.length < room ? bytes.length : room;
        __builtin_memcpy(gathered + gathered_length, bytes.at, length);
        gathered_length += length;
        bytes.at += length;
        bytes.length -= length;
    }
}

void print_number(uint64_t number) {
    char digits[20];
    size_t at = sizeof digits;
    do digits[--at] = '0' + number % 10;
    while (number /= 10);
    print((struct bytes){digits + at, sizeof digits - at});
}

void answer(int status, struct bytes type) {
    struct result result;
    handle fields = fields_new();
    fields_append(fields, "content-type", 12, type.at, type.length, &result);
    handle response = response_new(fields);
    response_set_status(response, status);
    response_body(response, &result);
    body = result.handle;
    outparam_set(out, 0, response, 0, 0, 0, 0, 0, 0);
    outgoing_write(body, &result);
    stream = result.handle;
}

// Reads a body to its end. The pieces lie one behind the other, as each is placed where the
// last one ended; what lies between two is closed up.
static struct bytes read_body(handle request) {
    struct result result;
    request_consume(request, &result);
    handle incoming = result.handle;
    incoming_stream(incoming, &result);
    handle input = result.handle;
    char *start = take(1, 0);
    size_t length = 0;
    for (;;) {
        input_read(input, 1 << 16, &result);
        if (result.tag) break;
        __builtin_memmove(start + length, result.bytes.at, result.bytes.length);
        length += result.bytes.length;
    }
    input_drop(input);
    incoming_drop(incoming);
    return (struct bytes){start, length};
}

// Methods in the order of the interface; the last one brings its own name.
static const struct bytes methods[] = {
    {"GET", 3},     {"HEAD", 4},    {"POST", 4},  {"PUT", 3},   {"DELETE", 6},
    {"CONNECT", 7}, {"OPTIONS", 7}, {"TRACE", 5}, {"PATCH", 5},
};

EXPORT("wasi:http/incoming-handler@0.2.0#handle")
void incoming_handler(handle incoming, handle outparam) {
    struct result result;
    struct request request;
    heap = 0;
    request_method(incoming, &result);
    request.method = result.tag < 9 ? methods[result.tag] : result.bytes;
    request_path(incoming, &result);
    request.path = result.tag ? result.bytes : TEXT("/");
    request.body = read_body(incoming);
    request_drop(incoming);
    out = outparam;
    stream = 0;
    serve(request);
    if (!stream) answer(500, TEXT("text/plain"));
    flush();
    output_drop(stream);
    outgoing_finish(body, 0, 0, (int64_t[8]){0});
}
