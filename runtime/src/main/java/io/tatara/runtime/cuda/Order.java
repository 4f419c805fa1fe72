package io.tatara.runtime.cuda;

/**
 * Keeps copies and kernels in the order of the calls though uploads run on a stream of their own.
 *
 * <p>What is enqueued on the compute stream is numbered, and so are uploads. Memory remembers the
 * number of its last use there and of its last upload.
 *
 * <ul>
 *   <li>A kernel that touches memory with an upload that the compute stream has not waited for
 *       makes that stream wait for the newest upload (and so for all).
 *   <li>An upload to memory that kernels use makes the upload stream wait, not for everything
 *       enqueued, but for the oldest <em>mark</em> behind that use. Marks are events on the compute
 *       stream, left at each upload. So with two input buffers in turn, the upload for the next
 *       step runs beside the present one.
 *   <li>Memory that others hold a raw pointer to may be in use at any time: an upload to it waits
 *       for everything enqueued, and everything behind waits for the upload.
 * </ul>
 *
 * Memory just allocated on the compute stream counts as used there; memory is given back there,
 * behind its uploads. Guarded by the context's monitor.
 */
final class Order {
    private static final int MARKS = 16;

    private final CudaDriver driver;
    private final CudaContext context;
    private final long[] events = new long[MARKS];
    private final long[] marks = new long[MARKS]; // number up to which the event stands
    private final long uploads; // event behind the newest upload
    private int newest;
    private long enqueued;
    private long uploaded;
    private long computeWaited; // number of the newest upload that the compute stream waits for
    private long copiesWaited; // number of the newest compute work that the upload stream waits for

    Order(CudaContext context) {
        this.context = context;
        this.driver = context.driver();
        this.uploads = driver.createEvent(false);
        for (int i = 0; i < MARKS; i++) {
            events[i] = driver.createEvent(false);
        }
    }

    /** Numbers what is enqueued next on the compute stream. */
    void next() {
        enqueued++;
    }

    /**
     * To be called after {@link #next} and before it is enqueued, for all memory that it touches.
     */
    void use(CudaMemory m) {
        if (m.shared ? uploaded > computeWaited : m.upload > computeWaited) {
            catchUp();
        }
        m.use = enqueued;
    }

    /** To be called before an upload is enqueued. */
    void beforeUpload(CudaMemory m) {
        if (m.shared) {
            m.use = ++enqueued; // others may have enqueued something
        }
        if (enqueued > marks[newest]) {
            newest = (newest + 1) % MARKS;
            driver.record(events[newest], context.compute());
            marks[newest] = enqueued;
        }
        if (m.use > copiesWaited) {
            int k = newest;
            for (int i = 1; i < MARKS; i++) {
                int older = (newest + MARKS - i) % MARKS;
                if (marks[older] < m.use) {
                    break;
                }
                k = older;
            }
            driver.waitFor(context.copies(), events[k]);
            copiesWaited = marks[k];
        }
    }

    /** To be called after it. */
    void afterUpload(CudaMemory m) {
        driver.record(uploads, context.copies());
        m.upload = ++uploaded;
        if (m.shared) {
            catchUp(); // what others enqueue next comes after it
        }
    }

    /** Makes the compute stream wait for all uploads. */
    private void catchUp() {
        driver.waitFor(context.compute(), uploads);
        computeWaited = uploaded;
    }

    void close() {
        driver.destroyEvent(uploads);
        for (long e : events) {
            driver.destroyEvent(e);
        }
    }
}
