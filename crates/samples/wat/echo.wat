  ;; Answers with what it is sent, piece by piece.
  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $length i32)
    (call $begin)
    (call $open (local.get $request))
    (call $head (local.get $out) (i32.const 200) (i32.const 0) (i32.const 0))
    (block $end
      (loop $next
        (call $begin)
        (local.set $length (call $piece))
        (br_if $end (i32.eqz (local.get $length)))
        (call $write (i32.load (i32.const 40)) (local.get $length))
        (br $next)))
    (call $close (local.get $request))
    (call $finish))
