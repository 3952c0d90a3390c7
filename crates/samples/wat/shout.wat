(module
  ;; A plain WASI command: reads its standard input to the end and writes it in capitals.
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 2)
  (func (export "_start")
    (local $length i32) (local $at i32) (local $letter i32)
    (block $end
      (loop $next
        ;; One buffer of 64 KiB at 65536, described at 0; the count comes to 8.
        (i32.store (i32.const 0) (i32.const 65536))
        (i32.store (i32.const 4) (i32.const 65536))
        (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))
          (then (call $proc_exit (i32.const 1))))
        (local.set $length (i32.load (i32.const 8)))
        (br_if $end (i32.eqz (local.get $length)))
        (local.set $at (i32.const 65536))
        (loop $letters
          (local.set $letter (i32.load8_u (local.get $at)))
          (if
            (i32.lt_u (i32.sub (local.get $letter) (i32.const 97)) (i32.const 26))
            (then (i32.store8 (local.get $at) (i32.sub (local.get $letter) (i32.const 32)))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br_if $letters
            (i32.lt_u (local.get $at) (i32.add (i32.const 65536) (local.get $length)))))
        (i32.store (i32.const 4) (local.get $length))
        (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
          (then (call $proc_exit (i32.const 1))))
        (br $next)))))
