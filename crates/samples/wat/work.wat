  ;; Works as long as it is told: `/?m=20` lets 20 ms pass, `/?k=500` counts to 500,000.
  (data (i32.const 64) "done\n")
  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $ms i32) (local $left i32)
    (call $begin)
    (local.set $ms (call $number (local.get $request) (i32.const 109)))
    (if (local.get $ms) (then (call $sleep (local.get $ms))))
    (local.set $left
      (i32.mul (call $number (local.get $request) (i32.const 107)) (i32.const 1000)))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $left)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (call $drop_request (local.get $request))
    (call $head (local.get $out) (i32.const 200) (i32.const 1012) (i32.const 10))
    (call $write (i32.const 64) (i32.const 5))
    (call $finish))
