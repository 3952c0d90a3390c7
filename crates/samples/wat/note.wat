  ;; Appends the first eight bytes of what it is sent, and a new line, to a list in the
  ;; key-value store `seen`, and answers with them; sent nothing, it answers with the list.
  (import "wasi:keyvalue/store@0.2.0-draft" "open" (func $open_store (param i32 i32 i32)))
  (import "wasi:keyvalue/store@0.2.0-draft" "[resource-drop]bucket"
    (func $drop_bucket (param i32)))
  (import "wasi:keyvalue/store@0.2.0-draft" "[method]bucket.get"
    (func $value (param i32 i32 i32 i32)))
  (import "wasi:keyvalue/store@0.2.0-draft" "[method]bucket.set"
    (func $set_value (param i32 i32 i32 i32 i32 i32)))
  ;; End of imports.
  (data (i32.const 64) "seen")
  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $bucket i32) (local $at i32) (local $length i32)
    (local $list i32) (local $size i32) (local $longer i32)
    (call $begin)
    (call $open (local.get $request))
    (local.set $length (call $piece))
    (local.set $at (i32.load (i32.const 40)))
    (call $close (local.get $request))
    (if (i32.gt_u (local.get $length) (i32.const 8)) (then (local.set $length (i32.const 8))))
    (call $open_store (i32.const 64) (i32.const 4) (i32.const 16))
    (if (i32.load8_u (i32.const 16)) (then (unreachable)))
    (local.set $bucket (i32.load (i32.const 20)))
    (call $value (local.get $bucket) (i32.const 64) (i32.const 4) (i32.const 128))
    (if (i32.load8_u (i32.const 128)) (then (unreachable)))
    (if (i32.load8_u (i32.const 132))
      (then
        (local.set $list (i32.load (i32.const 136)))
        (local.set $size (i32.load (i32.const 140)))))
    (if (i32.eqz (local.get $length))
      (then
        (call $drop_bucket (local.get $bucket))
        (call $head (local.get $out) (i32.const 200) (i32.const 1012) (i32.const 10))
        (call $write (local.get $list) (local.get $size))
        (call $finish)
        (return)))
    (local.set $longer
      (call $allocate (i32.const 1)
        (i32.add (i32.add (local.get $size) (local.get $length)) (i32.const 1))))
    (memory.copy (local.get $longer) (local.get $list) (local.get $size))
    (memory.copy
      (i32.add (local.get $longer) (local.get $size)) (local.get $at) (local.get $length))
    (local.set $size (i32.add (local.get $size) (local.get $length)))
    (i32.store8 (i32.add (local.get $longer) (local.get $size)) (i32.const 10))
    (call $set_value (local.get $bucket) (i32.const 64) (i32.const 4)
      (local.get $longer) (i32.add (local.get $size) (i32.const 1)) (i32.const 128))
    (if (i32.load8_u (i32.const 128)) (then (unreachable)))
    (call $drop_bucket (local.get $bucket))
    (call $head (local.get $out) (i32.const 200) (i32.const 1012) (i32.const 10))
    (call $write (local.get $at) (local.get $length))
    (call $finish))
