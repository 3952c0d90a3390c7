  ;; Sends a request to the host that the body names, and tells the status of the answer,
  ;; or the number of the error.
  (import "wasi:http/types@0.2.0" "[constructor]outgoing-request"
    (func $outgoing (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-scheme"
    (func $set_scheme (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-authority"
    (func $set_authority (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-path-with-query"
    (func $set_path (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/outgoing-handler@0.2.0" "handle"
    (func $send (param i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]future-incoming-response.subscribe"
    (func $wait_for (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]future-incoming-response.get"
    (func $get (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[resource-drop]future-incoming-response"
    (func $drop_future (param i32)))
  (import "wasi:http/types@0.2.0" "[method]incoming-response.status"
    (func $status (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[resource-drop]incoming-response"
    (func $drop_response (param i32)))
  ;; End of imports.
  (data (i32.const 64) "status 000\n")
  (data (i32.const 80) "error 000\n")
  (data (i32.const 96) "/")
  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $length i32) (local $at i32) (local $call i32) (local $future i32) (local $pollable i32)
    (local $answer i32)
    (call $begin)
    (call $open (local.get $request))
    (local.set $length (call $piece))
    (local.set $at (i32.load (i32.const 40)))
    (call $close (local.get $request))
    (local.set $call (call $outgoing (call $fields)))
    ;; Plain HTTP to the host that was named.
    (drop
      (call $set_scheme (local.get $call) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
    (drop
      (call $set_authority (local.get $call) (i32.const 1) (local.get $at) (local.get $length)))
    (drop
      (call $set_path (local.get $call) (i32.const 1) (i32.const 96) (i32.const 1)))
    (call $send (local.get $call) (i32.const 0) (i32.const 0) (i32.const 128))
    (if (i32.load8_u (i32.const 128))
      (then (call $tell_error (local.get $out) (i32.load8_u (i32.const 136))) (return)))
    (local.set $future (i32.load (i32.const 136)))
    (local.set $pollable (call $wait_for (local.get $future)))
    (call $block (local.get $pollable))
    (call $drop_pollable (local.get $pollable))
    (call $get (local.get $future) (i32.const 128))
    (call $drop_future (local.get $future))
    ;; It is there, and taken for the first time: only the innermost result is open.
    (if (i32.load8_u (i32.const 144))
      (then (call $tell_error (local.get $out) (i32.load8_u (i32.const 152))) (return)))
    (local.set $answer (i32.load (i32.const 152)))
    (call $digits (i32.const 71) (call $status (local.get $answer)))
    (call $drop_response (local.get $answer))
    (call $head (local.get $out) (i32.const 200) (i32.const 1012) (i32.const 10))
    (call $write (i32.const 64) (i32.const 11))
    (call $finish))

  (func $tell_error (param $out i32) (param $code i32)
    (call $digits (i32.const 86) (local.get $code))
    (call $head (local.get $out) (i32.const 502) (i32.const 1012) (i32.const 10))
    (call $write (i32.const 80) (i32.const 10))
    (call $finish))

  ;; Three digits.
  (func $digits (param $at i32) (param $number i32)
    (i32.store8 (local.get $at)
      (i32.add (i32.const 48) (i32.div_u (local.get $number) (i32.const 100))))
    (i32.store8 offset=1 (local.get $at)
      (i32.add (i32.const 48)
        (i32.rem_u (i32.div_u (local.get $number) (i32.const 10)) (i32.const 10))))
    (i32.store8 offset=2 (local.get $at)
      (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10)))))
