  ;; What every sample begins with: the host's functions, memory, and a few words of our
  ;; own. Addresses below 64 are room for results, 64 to 1023 hold the samples' texts.
  (import "wasi:http/types@0.2.0" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.0" "[method]fields.append"
    (func $append (param i32 i32 i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.0" "[constructor]outgoing-response"
    (func $response (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-response.set-status-code"
    (func $set_status (param i32 i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-response.body"
    (func $response_body (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-body.write" (func $body_write (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[static]outgoing-body.finish"
    (func $body_finish (param i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.0" "[static]response-outparam.set"
    (func $outparam_set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]incoming-request.consume"
    (func $consume (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]incoming-request.path-with-query"
    (func $path_with_query (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[resource-drop]incoming-request"
    (func $drop_request (param i32)))
  (import "wasi:http/types@0.2.0" "[method]incoming-body.stream" (func $body_stream (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[resource-drop]incoming-body" (func $drop_body (param i32)))
  (import "wasi:io/streams@0.2.0" "[method]input-stream.blocking-read"
    (func $read (param i32 i64 i32)))
  (import "wasi:io/streams@0.2.0" "[resource-drop]input-stream" (func $drop_input (param i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
    (func $write_some (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.0" "[resource-drop]output-stream" (func $drop_output (param i32)))
  (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:io/poll@0.2.0" "[resource-drop]pollable" (func $drop_pollable (param i32)))
  (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration"
    (func $subscribe (param i64) (result i32)))
  (import "wasi:cli/stderr@0.2.0" "get-stderr" (func $get_stderr (result i32)))

  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 65536))
  (global $body (mut i32) (i32.const 0))
  (global $stream (mut i32) (i32.const 0))
  (global $input_body (mut i32) (i32.const 0))
  (global $input (mut i32) (i32.const 0))

  ;; Room for what the host hands over; begun anew with each call.
  (func $allocate (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    (global.set $heap (i32.add (local.get $at) (local.get $size)))
    (block $enough
      (loop $more
        (br_if $enough
          (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))
        (br $more)))
    (local.get $at))

  (func (export "cabi_realloc")
    (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (call $allocate (local.get $align) (local.get $size)))
    (if (local.get $old_size)
      (then (memory.copy (local.get $at) (local.get $old) (local.get $old_size))))
    (local.get $at))

  (func $begin
    (global.set $heap (i32.const 65536)))

  ;; Sends the head of the answer and opens its body.
  (func $head (param $out i32) (param $status i32) (param $type i32) (param $type_length i32)
    (local $headers i32) (local $answer i32)
    (local.set $headers (call $fields))
    (if (local.get $type_length)
      (then
        (call $append (local.get $headers) (i32.const 1000) (i32.const 12)
          (local.get $type) (local.get $type_length) (i32.const 16))))
    (local.set $answer (call $response (local.get $headers)))
    (drop (call $set_status (local.get $answer) (local.get $status)))
    (call $response_body (local.get $answer) (i32.const 16))
    (global.set $body (i32.load (i32.const 20)))
    (call $body_write (global.get $body) (i32.const 16))
    (global.set $stream (i32.load (i32.const 20)))
    (call $outparam_set (local.get $out) (i32.const 0) (local.get $answer) (i32.const 0)
      (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
  (data (i32.const 1000) "content-type")
  (data (i32.const 1012) "text/plain")

  ;; Writes to an output stream, 4096 bytes at a time as the interface has it.
  (func $write_to (param $to i32) (param $at i32) (param $length i32)
    (local $part i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $length)))
        (local.set $part
          (select (local.get $length) (i32.const 4096)
            (i32.lt_u (local.get $length) (i32.const 4096))))
        (call $write_some (local.get $to) (local.get $at) (local.get $part) (i32.const 16))
        (br_if $done (i32.load8_u (i32.const 16)))
        (local.set $at (i32.add (local.get $at) (local.get $part)))
        (local.set $length (i32.sub (local.get $length) (local.get $part)))
        (br $next))))

  (func $write (param $at i32) (param $length i32)
    (call $write_to (global.get $stream) (local.get $at) (local.get $length)))

  ;; Ends the answer.
  (func $finish
    (call $drop_output (global.get $stream))
    (call $body_finish (global.get $body) (i32.const 0) (i32.const 0) (i32.const 16)))

  ;; Opens the body of the request.
  (func $open (param $request i32)
    (call $consume (local.get $request) (i32.const 16))
    (global.set $input_body (i32.load (i32.const 20)))
    (call $body_stream (global.get $input_body) (i32.const 16))
    (global.set $input (i32.load (i32.const 20))))

  ;; Reads a piece of it; its length, 0 at the end; where it lies is left at 24.
  (func $piece (result i32)
    (call $read (global.get $input) (i64.const 65536) (i32.const 16))
    (if (i32.load8_u (i32.const 16)) (then (return (i32.const 0))))
    (i32.store (i32.const 40) (i32.load (i32.const 20)))
    (i32.load (i32.const 24)))

  (func $close (param $request i32)
    (call $drop_input (global.get $input))
    (call $drop_body (global.get $input_body))
    (call $drop_request (local.get $request)))

  ;; The number that follows a letter and `=` in the path; 0 if there is none.
  (func $number (param $request i32) (param $letter i32) (result i32)
    (local $at i32) (local $end i32) (local $digit i32) (local $value i32)
    (call $path_with_query (local.get $request) (i32.const 16))
    (if (i32.eqz (i32.load8_u (i32.const 16))) (then (return (i32.const 0))))
    (local.set $at (i32.load (i32.const 20)))
    (local.set $end (i32.add (local.get $at) (i32.load (i32.const 24))))
    (block $none
      (loop $next
        (br_if $none (i32.ge_u (i32.add (local.get $at) (i32.const 2)) (local.get $end)))
        (if
          (i32.and
            (i32.eq (i32.load8_u (local.get $at)) (local.get $letter))
            (i32.eq (i32.load8_u offset=1 (local.get $at)) (i32.const 61)))
          (then
            (local.set $at (i32.add (local.get $at) (i32.const 2)))
            (loop $digits
              (if (i32.lt_u (local.get $at) (local.get $end))
                (then
                  (local.set $digit
                    (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
                  (if (i32.lt_u (local.get $digit) (i32.const 10))
                    (then
                      (local.set $value
                        (i32.add
                          (i32.mul (local.get $value) (i32.const 10)) (local.get $digit)))
                      (local.set $at (i32.add (local.get $at) (i32.const 1)))
                      (br $digits))))))
            (return (local.get $value))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; Lets so many milliseconds pass.
  (func $sleep (param $ms i32)
    (local $pollable i32)
    (local.set $pollable
      (call $subscribe
        (i64.mul (i64.extend_i32_u (local.get $ms)) (i64.const 1000000))))
    (call $block (local.get $pollable))
    (call $drop_pollable (local.get $pollable)))

  ;; Writes a line to the log.
  (func $log (param $at i32) (param $length i32)
    (local $to i32)
    (local.set $to (call $get_stderr))
    (call $write_to (local.get $to) (local.get $at) (local.get $length))
    (call $drop_output (local.get $to)))
