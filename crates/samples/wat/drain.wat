  ;; Takes all that is in the flow `frames` besides the item it is called with, and appends
  ;; each, and a new line, to a list in the key-value store `seen`; sent nothing, it answers
  ;; with the list. An item that begins with `!` lets its first call die before anything is
  ;; kept; one that begins with `?` lets it keep three, say so, take one more, and die.
  (import "wasi:keyvalue/store@0.2.0-draft" "open" (func $open_store (param i32 i32 i32)))
  (import "wasi:keyvalue/store@0.2.0-draft" "[resource-drop]bucket"
    (func $drop_bucket (param i32)))
  (import "wasi:keyvalue/store@0.2.0-draft" "[method]bucket.get"
    (func $value (param i32 i32 i32 i32)))
  (import "wasi:keyvalue/store@0.2.0-draft" "[method]bucket.set"
    (func $set_value (param i32 i32 i32 i32 i32 i32)))
  (import "wasi:keyvalue/atomics@0.2.0-draft" "increment"
    (func $increment (param i32 i32 i32 i64 i32)))
  (import "swell:flow/receivers@0.1.0" "open" (func $open_flow (param i32 i32 i32)))
  (import "swell:flow/receivers@0.1.0" "[resource-drop]receiver"
    (func $drop_receiver (param i32)))
  (import "swell:flow/receivers@0.1.0" "[method]receiver.pop"
    (func $pop (param i32 i32 i64 i32)))
  (import "swell:flow/receivers@0.1.0" "[method]receiver.done" (func $done (param i32 i32)))
  ;; End of imports.
  (data (i32.const 64) "seen")
  (data (i32.const 72) "frames")
  (global $bucket (mut i32) (i32.const 0))
  (global $list (mut i32) (i32.const 0))
  (global $size (mut i32) (i32.const 0))

  (func $add (param $at i32) (param $length i32)
    (local $longer i32)
    (local.set $longer
      (call $allocate (i32.const 1)
        (i32.add (i32.add (global.get $size) (local.get $length)) (i32.const 1))))
    (memory.copy (local.get $longer) (global.get $list) (global.get $size))
    (memory.copy
      (i32.add (local.get $longer) (global.get $size)) (local.get $at) (local.get $length))
    (global.set $size (i32.add (global.get $size) (local.get $length)))
    (i32.store8 (i32.add (local.get $longer) (global.get $size)) (i32.const 10))
    (global.set $size (i32.add (global.get $size) (i32.const 1)))
    (global.set $list (local.get $longer)))

  (func $keep
    (call $set_value (global.get $bucket) (i32.const 64) (i32.const 4)
      (global.get $list) (global.get $size) (i32.const 128))
    (if (i32.load8_u (i32.const 128)) (then (unreachable))))

  ;; Takes up to so many items and adds them; how many there were.
  (func $take (param $receiver i32) (param $most i32) (result i32)
    (local $item i32) (local $left i32)
    (call $pop (local.get $receiver) (local.get $most) (i64.const 0) (i32.const 192))
    (if (i32.load8_u (i32.const 192)) (then (return (i32.const 0))))
    (local.set $item (i32.load (i32.const 200)))
    (local.set $left (i32.load (i32.const 204)))
    (block $all
      (loop $next
        (br_if $all (i32.eqz (local.get $left)))
        (call $add (i32.load offset=24 (local.get $item)) (i32.load offset=28 (local.get $item)))
        (local.set $item (i32.add (local.get $item) (i32.const 32)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (i32.load (i32.const 204)))

  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $at i32) (local $length i32) (local $receiver i32) (local $first i32) (local $dies i32)
    (call $begin)
    (call $open (local.get $request))
    (local.set $length (call $piece))
    (local.set $at (i32.load (i32.const 40)))
    (call $close (local.get $request))
    (call $open_store (i32.const 64) (i32.const 4) (i32.const 16))
    (if (i32.load8_u (i32.const 16)) (then (unreachable)))
    (global.set $bucket (i32.load (i32.const 20)))
    (call $value (global.get $bucket) (i32.const 64) (i32.const 4) (i32.const 128))
    (if (i32.load8_u (i32.const 128)) (then (unreachable)))
    (global.set $size (i32.const 0))
    (if (i32.load8_u (i32.const 132))
      (then
        (global.set $list (i32.load (i32.const 136)))
        (global.set $size (i32.load (i32.const 140)))))
    (if (i32.eqz (local.get $length))
      (then
        (call $drop_bucket (global.get $bucket))
        (call $head (local.get $out) (i32.const 200) (i32.const 1012) (i32.const 10))
        (call $write (global.get $list) (global.get $size))
        (call $finish)
        (return)))
    (local.set $first (i32.load8_u (local.get $at)))
    (if (i32.or
          (i32.eq (local.get $first) (i32.const 33)) (i32.eq (local.get $first) (i32.const 63)))
      (then
        (call $increment (global.get $bucket) (local.get $at) (local.get $length)
          (i64.const 1) (i32.const 192))
        (if (i32.load8_u (i32.const 192)) (then (unreachable)))
        (local.set $dies (i64.eq (i64.load (i32.const 200)) (i64.const 1)))))
    (call $add (local.get $at) (local.get $length))
    (call $open_flow (i32.const 72) (i32.const 6) (i32.const 192))
    (if (i32.load8_u (i32.const 192)) (then (unreachable)))
    (local.set $receiver (i32.load (i32.const 200)))
    (if (local.get $dies)
      (then
        (drop (call $take (local.get $receiver) (i32.const 2)))
        (if (i32.eq (local.get $first) (i32.const 63))
          (then
            (call $keep)
            (call $done (local.get $receiver) (i32.const 192))
            (drop (call $take (local.get $receiver) (i32.const 1)))))
        (unreachable)))
    (loop $more
      (br_if $more (call $take (local.get $receiver) (i32.const 64))))
    (call $drop_receiver (local.get $receiver))
    (call $keep)
    (call $drop_bucket (global.get $bucket))
    (call $head (local.get $out) (i32.const 204) (i32.const 0) (i32.const 0))
    (call $finish))
