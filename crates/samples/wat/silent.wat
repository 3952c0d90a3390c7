  ;; Ends without an answer.
  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (call $drop_request (local.get $request)))
