package io.tatara.tornado;

import io.tatara.runtime.DeviceException;
import io.tatara.runtime.spi.Invocation;
import io.tatara.runtime.spi.Replay;
import java.util.List;

/**
 * A recorded graph: launch by launch at first, and as task graphs once it has been replayed {@value
 * #AFTER} times, for each task is compiled anew. The numbers are the same: the same kernels run in
 * the same order.
 *
 * <p>{@code -Dtatara.tornado.graphs=N}: after N replays, 0 at once; {@code off}: never.
 */
final class TornadoReplay implements Replay {
    /** Replays before task graphs are made: what is replayed so often goes on. */
    static final int AFTER = 100;

    private static final System.Logger LOG = System.getLogger(TornadoReplay.class.getName());

    private final TornadoDevice device;
    private final Session session;
    private final List<Invocation> invocations;
    private final List<Launch> launches;
    private final Runnable release;

    /** Null where there is nothing to wait for: launch by launch for good. */
    private List<List<TaskGraphs.Task>> chunks;

    private int patience;
    private TaskGraphs graphs;

    /**
     * @param release gives the temporary buffers of the launches back
     */
    TornadoReplay(
            TornadoDevice device,
            Session session,
            List<Invocation> invocations,
            List<Launch> launches,
            Runnable release) {
        this.device = device;
        this.session = session;
        this.invocations = invocations;
        this.launches = launches;
        this.release = release;
        this.chunks = TaskGraphs.chunks(launches);
        this.patience = patience(System.getProperty("tatara.tornado.graphs"), launches.size());
        if (patience < 0) {
            chunks = null;
        }
    }

    /**
     * Replays before task graphs are made; -1: they never are.
     *
     * @param setting null for the standard
     * @throws DeviceException if the setting is none
     */
    static int patience(String setting, int launches) {
        if (setting == null || setting.isBlank()) {
            return launches < TaskGraphs.LEAST ? -1 : AFTER;
        }
        String s = setting.strip();
        if (s.equals("off")) {
            return -1;
        }
        try {
            int n = Integer.parseInt(s);
            if (n >= 0) {
                return launches == 0 ? -1 : n;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw new DeviceException(
                "-Dtatara.tornado.graphs=" + setting + ": expected a number of replays, or off");
    }

    @Override
    public void run() {
        synchronized (device) {
            device.open();
            if (graphs == null && chunks != null && patience-- <= 0) {
                compile();
            }
            if (graphs == null) {
                session.launch("a recorded graph", launches);
            } else {
                replayGraphs();
            }
        }
        invocations.forEach(Invocation::written);
    }

    /** After a failure launch by launch: what was done of the graphs nobody knows. */
    private void replayGraphs() {
        try {
            session.replay(graphs);
        } catch (DeviceException e) {
            TaskGraphs failed = graphs;
            graphs = null;
            session.release(failed);
            throw e;
        }
    }

    private void compile() {
        try {
            graphs = session.taskGraphs(chunks);
        } catch (DeviceException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "a recorded graph is replayed launch by launch: {0}",
                    e.getMessage());
        }
        chunks = null;
    }

    /** Whether the next replay runs task graphs. */
    boolean compiled() {
        return graphs != null;
    }

    @Override
    public void close() {
        synchronized (device) {
            chunks = null;
            if (graphs != null) {
                session.release(graphs);
                graphs = null;
            }
            release.run();
        }
    }
}
