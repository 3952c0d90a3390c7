(module
  ;; A plain WASI command that says it is fine, and dies where a variable of its environment is `bad`.
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 64) "fine\n")
  (func (export "_start")
    (local $at i32) (local $end i32)
    ;; How long all variables are comes to 4, where they begin to 1024, and they themselves to 65536.
    (drop (call $environ_sizes_get (i32.const 0) (i32.const 4)))
    (drop (call $environ_get (i32.const 1024) (i32.const 65536)))
    (local.set $at (i32.const 65536))
    (local.set $end (i32.add (i32.const 65533) (i32.load (i32.const 4))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        ;; `=bad`
        (if (i32.eq (i32.load align=1 (local.get $at)) (i32.const 0x6461623d))
          (then (unreachable)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (i32.store (i32.const 8) (i32.const 64))
    (i32.store (i32.const 12) (i32.const 5))
    (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))))
