  ;; Greets: whom the body names, as text or as JSON with a `name`, or the world.
  (data (i32.const 64) "Hello, ")
  (data (i32.const 72) "world")
  (data (i32.const 80) "!\n")
  (data (i32.const 84) "\"name\"")
  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $at i32) (local $length i32) (local $end i32) (local $from i32)
    (call $begin)
    (call $open (local.get $request))
    (local.set $length (call $piece))
    (local.set $at (i32.load (i32.const 40)))
    (call $close (local.get $request))
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (if (i32.eqz (local.get $length))
      (then
        (local.set $at (i32.const 72))
        (local.set $length (i32.const 5)))
      (else
        (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 123))
          (then
            (local.set $from (call $name (local.get $at) (local.get $end)))
            (if (local.get $from)
              (then
                (local.set $at (local.get $from))
                (local.set $length
                  (i32.sub (call $quote (local.get $from) (local.get $end)) (local.get $from))))
              (else
                (local.set $at (i32.const 72))
                (local.set $length (i32.const 5))))))))
    (call $head (local.get $out) (i32.const 200) (i32.const 1012) (i32.const 10))
    ;; One piece is one chunk on the wire: put it together first.
    (memory.copy (i32.const 4096) (i32.const 64) (i32.const 7))
    (if (i32.gt_u (local.get $length) (i32.const 4000))
      (then (local.set $length (i32.const 4000))))
    (memory.copy (i32.const 4103) (local.get $at) (local.get $length))
    (memory.copy (i32.add (i32.const 4103) (local.get $length)) (i32.const 80) (i32.const 2))
    (call $write (i32.const 4096) (i32.add (local.get $length) (i32.const 9)))
    (call $finish))

  ;; Where the text of the member `name` begins; 0 if there is none.
  (func $name (param $at i32) (param $end i32) (result i32)
    (block $none
      (loop $next
        (br_if $none (i32.gt_u (i32.add (local.get $at) (i32.const 6)) (local.get $end)))
        (if
          (i32.and
            (i32.eq (i32.load align=1 (local.get $at)) (i32.load (i32.const 84)))
            (i32.eq (i32.load16_u offset=4 align=1 (local.get $at)) (i32.load16_u (i32.const 88))))
          (then
            (local.set $at
              (call $quote (i32.add (local.get $at) (i32.const 6)) (local.get $end)))
            (br_if $none (i32.ge_u (local.get $at) (local.get $end)))
            (return (i32.add (local.get $at) (i32.const 1)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; The next quotation mark, or the end.
  (func $quote (param $at i32) (param $end i32) (result i32)
    (block $found
      (loop $next
        (br_if $found (i32.ge_u (local.get $at) (local.get $end)))
        (br_if $found (i32.eq (i32.load8_u (local.get $at)) (i32.const 34)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $at))
