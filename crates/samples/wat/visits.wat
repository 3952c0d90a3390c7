  ;; Counts its visits in the key-value store `visits`, whichever guest serves them.
  (import "wasi:keyvalue/store@0.2.0-draft" "open" (func $open_store (param i32 i32 i32)))
  (import "wasi:keyvalue/store@0.2.0-draft" "[resource-drop]bucket"
    (func $drop_bucket (param i32)))
  (import "wasi:keyvalue/atomics@0.2.0-draft" "increment"
    (func $increment (param i32 i32 i32 i64 i32)))
  ;; End of imports.
  (data (i32.const 64) "visits")
  (data (i32.const 72) "no access to the store\n")
  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $bucket i32) (local $at i32) (local $left i64)
    (call $begin)
    (call $drop_request (local.get $request))
    (call $open_store (i32.const 64) (i32.const 6) (i32.const 16))
    (if (i32.load8_u (i32.const 16))
      (then
        (call $head (local.get $out) (i32.const 403) (i32.const 1012) (i32.const 10))
        (call $write (i32.const 72) (i32.const 23))
        (call $finish)
        (return)))
    (local.set $bucket (i32.load (i32.const 20)))
    (call $increment (local.get $bucket) (i32.const 64) (i32.const 6) (i64.const 1) (i32.const 16))
    (if (i32.load8_u (i32.const 16)) (then (unreachable)))
    (local.set $left (i64.load (i32.const 24)))
    (call $drop_bucket (local.get $bucket))
    (local.set $at (i32.const 191))
    (i32.store8 (local.get $at) (i32.const 10))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.wrap_i64
          (i64.add (i64.const 48) (i64.rem_u (local.get $left) (i64.const 10)))))
      (local.set $left (i64.div_u (local.get $left) (i64.const 10)))
      (br_if $next (i64.ne (local.get $left) (i64.const 0))))
    (call $head (local.get $out) (i32.const 200) (i32.const 1012) (i32.const 10))
    (call $write (local.get $at) (i32.sub (i32.const 192) (local.get $at)))
    (call $finish))
