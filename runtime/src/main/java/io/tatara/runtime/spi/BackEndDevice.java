package io.tatara.runtime.spi;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * An opened device as a back end offers it: raw memory, copies and the running of ops in order. All
 * calls may come from several threads at once; work takes effect in the order of the calls.
 */
public interface BackEndDevice extends AutoCloseable {
    DeviceInfo info();

    /**
     * Kinds of memory that must not be mixed in the pool: dtypes of one class share memory.
     *
     * @return any value with equality
     */
    Object storageClass(DType dtype);

    /**
     * Raw memory of at least this many elements, contents undefined.
     *
     * @throws io.tatara.runtime.OutOfDeviceMemoryException if there is none
     */
    Memory allocate(DType dtype, int elements);

    /** Gives raw memory back; ordered behind the work enqueued so far. */
    void release(Memory memory);

    /**
     * Copies host bytes in native order to the start of {@code to}; the source may be reused on
     * return.
     */
    void upload(MemorySegment from, Memory to);

    /** Copies the start of {@code from} to host memory; returns when the bytes are there. */
    void download(Memory from, MemorySegment to);

    /**
     * Runs an op. Shapes are already checked; outputs have memory; an aliasing output is its
     * input's memory.
     *
     * @param in null where absent
     */
    void execute(Op op, Binding[] in, Binding[] out);

    /**
     * Whether ops may be run that nobody has run before, however long their expressions: false
     * where there is no compiler and only the programs that were built ahead are there. Then
     * recorded graphs fuse nothing.
     */
    default boolean compiles() {
        return true;
    }

    /**
     * Prepares invocations to be run again and again, on the same memory, which stays allocated
     * until the replay is closed. They were just executed, or fused from such as were, perhaps on
     * other memory. A back end that can do better than running them one by one, as here, overrides
     * this.
     */
    default Replay record(List<Invocation> invocations) {
        List<Invocation> kept = List.copyOf(invocations);
        return new Replay() {
            @Override
            public void run() {
                for (Invocation i : kept) {
                    execute(i.op(), i.in(), i.out());
                    i.written();
                }
            }

            @Override
            public void close() {
                // Nothing was prepared.
            }
        };
    }

    /** Waits until everything enqueued so far is done. */
    void synchronize();

    /**
     * Runs the work and tells how long the device took for what it enqueued, in nanoseconds: by
     * device events where there are any, else by the host's clock around work and {@link
     * #synchronize}.
     */
    long time(Runnable work);

    /**
     * A raw view for other code: what it is, the back end documents (an array segment, a cl_mem …).
     */
    Object handle(Memory memory);

    @Override
    void close();
}
