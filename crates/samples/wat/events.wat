  ;; Sends server-sent events, `n` of them, `m` milliseconds apart.
  (data (i32.const 64) "text/event-stream")
  (data (i32.const 96) "data: tick\n\n")
  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $left i32) (local $ms i32)
    (call $begin)
    (local.set $left (call $number (local.get $request) (i32.const 110)))
    (local.set $ms (call $number (local.get $request) (i32.const 109)))
    (call $drop_request (local.get $request))
    (call $head (local.get $out) (i32.const 200) (i32.const 64) (i32.const 17))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $left)))
        (call $write (i32.const 96) (i32.const 12))
        (call $sleep (local.get $ms))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (call $finish))
