package io.tatara.runtime.jvm;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;

/**
 * Where threads run: Linux's {@code sched_getcpu(3)} and {@code sched_setaffinity(2)} for the
 * threads of this process.
 *
 * <p>Why: some kernels (those of virtual machines that pack their processors above all) wake a
 * thread on the processor of the thread that woke it and leave both there for tens of milliseconds,
 * although another is idle. A worker that shares its caller's processor is worse than none. So
 * {@link WorkerPool} keeps its workers off it.
 *
 * <p>There is none without native access, without Linux, where only one processor may be used, and
 * with {@code -Dtatara.placement=false}.
 */
final class Placement {
    /** Bytes of a set of processors: 1024 bits, as in the C library. */
    private static final int SET = 128;

    private static final FunctionDescriptor AFFINITY =
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.ADDRESS);
    private static final FunctionDescriptor NUMBER = FunctionDescriptor.of(ValueLayout.JAVA_INT);

    private final MethodHandle cpu;
    private final MethodHandle thread;
    private final MethodHandle set;
    private final byte[] allowed;

    private Placement(MethodHandle cpu, MethodHandle thread, MethodHandle set, byte[] allowed) {
        this.cpu = cpu;
        this.thread = thread;
        this.set = set;
        this.allowed = allowed;
    }

    /**
     * Null where threads are left to the operating system; what the calling thread may use, else.
     */
    static Placement ofCallingThread() {
        if (!System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux")
                || !Placement.class.getModule().isNativeAccessEnabled()
                || !Boolean.parseBoolean(System.getProperty("tatara.placement", "true"))) {
            return null;
        }
        try {
            Linker.Option leaf = Linker.Option.critical(false);
            MethodHandle cpu = find("sched_getcpu", NUMBER, leaf);
            MethodHandle thread = find("gettid", NUMBER, leaf);
            MethodHandle set = find("sched_setaffinity", AFFINITY);
            MethodHandle get = find("sched_getaffinity", AFFINITY);
            byte[] allowed = new byte[SET];
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment s = arena.allocate(SET);
                if ((int) get.invokeExact(0, (long) SET, s) < 0) {
                    return null;
                }
                MemorySegment.copy(s, ValueLayout.JAVA_BYTE, 0, allowed, 0, SET);
            }
            Placement p = new Placement(cpu, thread, set, allowed);
            return p.processors() > 1 && p.cpu() >= 0 ? p : null;
        } catch (Throwable t) {
            // A C library without these functions: threads stay where the system puts them.
            return null;
        }
    }

    private static MethodHandle find(
            String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
    }

    private int processors() {
        int n = 0;
        for (byte b : allowed) {
            n += Integer.bitCount(b & 0xff);
        }
        return n;
    }

    /** The processor that the calling thread runs on; negative if the system does not tell. */
    int cpu() {
        try {
            return (int) cpu.invokeExact();
        } catch (Throwable t) {
            return -1;
        }
    }

    /** The system's number of the calling thread. */
    int thread() {
        try {
            return (int) thread.invokeExact();
        } catch (Throwable t) {
            return -1;
        }
    }

    /** Lets a thread of this process run on all processors that may be used but one. */
    void keepOff(int thread, int cpu) {
        if (thread <= 0 || cpu < 0 || cpu >= SET * 8) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment s = arena.allocate(SET);
            MemorySegment.copy(allowed, 0, s, ValueLayout.JAVA_BYTE, 0, SET);
            s.set(ValueLayout.JAVA_BYTE, cpu / 8, (byte) (allowed[cpu / 8] & ~(1 << cpu % 8)));
            // A refusal leaves the thread where it may be, which is no error.
            int refused = (int) set.invokeExact(thread, (long) SET, s);
        } catch (Throwable t) {
            // As above.
        }
    }
}
