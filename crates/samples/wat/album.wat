  ;; Keeps what it is sent as an object of the container `album`, named by the path; sent nothing,
  ;; answers with the object, or with several whose names have `+` between them. 403 without access,
  ;; 404 if there is no such object, 507 if it could not be kept.
  (import "wasi:blobstore/blobstore@0.2.0-draft" "get-container"
    (func $get_container (param i32 i32 i32)))
  (import "wasi:blobstore/container@0.2.0-draft" "[resource-drop]container"
    (func $drop_container (param i32)))
  (import "wasi:blobstore/container@0.2.0-draft" "[method]container.get-data"
    (func $get_data (param i32 i32 i32 i64 i64 i32)))
  (import "wasi:blobstore/container@0.2.0-draft" "[method]container.write-data"
    (func $write_data (param i32 i32 i32 i32 i32)))
  (import "wasi:blobstore/types@0.2.0-draft" "[static]outgoing-value.new-outgoing-value"
    (func $new_value (result i32)))
  (import "wasi:blobstore/types@0.2.0-draft" "[method]outgoing-value.outgoing-value-write-body"
    (func $value_body (param i32 i32)))
  (import "wasi:blobstore/types@0.2.0-draft" "[static]outgoing-value.finish"
    (func $value_finish (param i32 i32)))
  (import "wasi:blobstore/types@0.2.0-draft" "[static]incoming-value.incoming-value-consume-async"
    (func $value_stream (param i32 i32)))
  ;; End of imports.
  (data (i32.const 64) "album")

  (func $fail (param $out i32) (param $status i32)
    (call $head (local.get $out) (local.get $status) (i32.const 0) (i32.const 0))
    (call $finish))

  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $container i32) (local $name i32) (local $name_length i32) (local $value i32)
    (local $length i32) (local $to i32) (local $sent i32) (local $end i32) (local $part i32)
    (local $has_begun i32)
    (call $begin)
    ;; The path without its slash.
    (call $path_with_query (local.get $request) (i32.const 16))
    (local.set $name (i32.add (i32.load (i32.const 20)) (i32.const 1)))
    (local.set $name_length (i32.sub (i32.load (i32.const 24)) (i32.const 1)))
    (call $open (local.get $request))
    (local.set $length (call $piece))
    (call $get_container (i32.const 64) (i32.const 5) (i32.const 192))
    (if (i32.load8_u (i32.const 192))
      (then
        (call $close (local.get $request))
        (call $fail (local.get $out) (i32.const 403))
        (return)))
    (local.set $container (i32.load (i32.const 196)))
    (if (local.get $length)
      (then
        (local.set $value (call $new_value))
        (call $value_body (local.get $value) (i32.const 192))
        (if (i32.load8_u (i32.const 192)) (then (unreachable)))
        (local.set $to (i32.load (i32.const 196)))
        (call $write_data (local.get $container) (local.get $name) (local.get $name_length)
          (local.get $value) (i32.const 192))
        (if (i32.load8_u (i32.const 192)) (then (unreachable)))
        (loop $more
          (local.set $sent (i32.load (i32.const 40)))
          (call $write_to (local.get $to) (local.get $sent) (local.get $length))
          (local.set $length (call $piece))
          (br_if $more (local.get $length)))
        (call $close (local.get $request))
        (call $drop_output (local.get $to))
        (call $value_finish (local.get $value) (i32.const 192))
        (call $drop_container (local.get $container))
        (call $fail (local.get $out)
          (select (i32.const 507) (i32.const 204) (i32.load8_u (i32.const 192))))
        (return)))
    (call $close (local.get $request))
    (local.set $end (i32.add (local.get $name) (local.get $name_length)))
    (loop $object
      (local.set $part (local.get $name))
      (block $found
        (loop $letter
          (br_if $found (i32.ge_u (local.get $part) (local.get $end)))
          (br_if $found (i32.eq (i32.load8_u (local.get $part)) (i32.const 43)))
          (local.set $part (i32.add (local.get $part) (i32.const 1)))
          (br $letter)))
      (call $get_data (local.get $container) (local.get $name)
        (i32.sub (local.get $part) (local.get $name)) (i64.const 0) (i64.const -1) (i32.const 192))
      (if (i32.load8_u (i32.const 192))
        (then
          (if (local.get $has_begun) (then (unreachable)))
          (call $fail (local.get $out) (i32.const 404))
          (return)))
      (call $value_stream (i32.load (i32.const 196)) (i32.const 192))
      (if (i32.load8_u (i32.const 192)) (then (unreachable)))
      (global.set $input (i32.load (i32.const 196)))
      (if (i32.eqz (local.get $has_begun))
        (then
          (call $head (local.get $out) (i32.const 200) (i32.const 0) (i32.const 0))
          (local.set $has_begun (i32.const 1))))
      (block $end_of_it
        (loop $next
          (local.set $length (call $piece))
          (br_if $end_of_it (i32.eqz (local.get $length)))
          (call $write (i32.load (i32.const 40)) (local.get $length))
          (br $next)))
      (call $drop_input (global.get $input))
      (local.set $name (i32.add (local.get $part) (i32.const 1)))
      (br_if $object (i32.lt_u (local.get $name) (local.get $end))))
    (call $drop_container (local.get $container))
    (call $finish))
