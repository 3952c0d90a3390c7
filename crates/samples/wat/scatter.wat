  ;; Puts each line it is sent into the flow `frames` as an item; answers 204 once all are in,
  ;; 429 if there is no room for all, and 409 with the reason if it may not.
  (import "swell:flow/senders@0.1.0" "open" (func $open_flow (param i32 i32 i32)))
  (import "swell:flow/senders@0.1.0" "[resource-drop]sender" (func $drop_sender (param i32)))
  (import "swell:flow/senders@0.1.0" "[method]sender.push-batch"
    (func $push_batch (param i32 i32 i32 i32 i32 i32)))
  ;; End of imports.
  (data (i32.const 64) "frames")
  (data (i32.const 80) "no reason was given")

  ;; Answers with what is wrong, if the result at 192 says so; whether it did.
  (func $failed (param $out i32) (result i32)
    (if (i32.eqz (i32.load8_u (i32.const 192))) (then (return (i32.const 0))))
    (if (i32.eq (i32.load8_u (i32.const 200)) (i32.const 2))
      (then
        (call $head (local.get $out) (i32.const 429) (i32.const 0) (i32.const 0))
        (call $finish)
        (return (i32.const 1))))
    (call $head (local.get $out) (i32.const 409) (i32.const 1012) (i32.const 10))
    (if (i32.or
          (i32.eq (i32.load8_u (i32.const 200)) (i32.const 1))
          (i32.eq (i32.load8_u (i32.const 200)) (i32.const 5)))
      (then (call $write (i32.load (i32.const 208)) (i32.load (i32.const 212))))
      (else (call $write (i32.const 80) (i32.const 19))))
    (call $finish)
    (i32.const 1))

  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $length i32) (local $at i32) (local $end i32) (local $list i32) (local $count i32)
    (local $sender i32) (local $start i32) (local $put i32)
    (call $begin)
    (call $open (local.get $request))
    ;; Up to so many bytes of lines.
    (local.set $at (call $allocate (i32.const 1) (i32.const 262144)))
    (block $end
      (loop $more
        (local.set $put (call $piece))
        (br_if $end (i32.eqz (local.get $put)))
        (if (i32.gt_u (i32.add (local.get $length) (local.get $put)) (i32.const 262144))
          (then (unreachable)))
        (memory.copy
          (i32.add (local.get $at) (local.get $length)) (i32.load (i32.const 40)) (local.get $put))
        (local.set $length (i32.add (local.get $length) (local.get $put)))
        (br $more)))
    (call $close (local.get $request))
    (call $open_flow (i32.const 64) (i32.const 6) (i32.const 192))
    (if (call $failed (local.get $out)) (then (return)))
    (local.set $sender (i32.load (i32.const 200)))
    ;; A list of where each line lies.
    (local.set $list
      (call $allocate (i32.const 4)
        (i32.mul (i32.add (local.get $length) (i32.const 1)) (i32.const 8))))
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (local.set $start (local.get $at))
    (block $all
      (loop $next
        (br_if $all (i32.ge_u (local.get $at) (local.get $end)))
        (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 10))
          (then
            (local.set $put
              (i32.add (local.get $list) (i32.shl (local.get $count) (i32.const 3))))
            (i32.store (local.get $put) (local.get $start))
            (i32.store offset=4 (local.get $put)
              (i32.sub (local.get $at) (local.get $start)))
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (local.set $start (i32.add (local.get $at) (i32.const 1)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (call $push_batch (local.get $sender) (i32.const 1012) (i32.const 10)
      (local.get $list) (local.get $count) (i32.const 192))
    (call $drop_sender (local.get $sender))
    (if (call $failed (local.get $out)) (then (return)))
    (call $head (local.get $out)
      (select (i32.const 204) (i32.const 429)
        (i32.eq (i32.load (i32.const 200)) (local.get $count)))
      (i32.const 0) (i32.const 0))
    (call $finish))
