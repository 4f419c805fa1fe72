package io.tatara.runtime.cuda;

import java.lang.foreign.MemorySegment;

/** Constant C strings of a library. */
final class NativeText {
    private static final int LONGEST = 4096;

    private NativeText() {}

    static String of(MemorySegment pointer) {
        return pointer.equals(MemorySegment.NULL) ? "?" : pointer.reinterpret(LONGEST).getString(0);
    }
}
