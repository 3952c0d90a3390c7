  ;; Says so, and dies.
  (data (i32.const 64) "about to trap\n")
  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (call $log (i32.const 64) (i32.const 14))
    (unreachable))
