package io.tatara.runtime.cuda;

import io.tatara.runtime.events.LaunchEvent;
import io.tatara.runtime.spi.Invocation;
import io.tatara.runtime.spi.Replay;
import java.util.List;

/** Recorded ops as a CUDA graph: one launch for all of them. */
final class CudaReplay implements Replay {
    private final CudaDevice device;
    private final CudaLaunches launches;
    private final List<Invocation> writers;
    private final int ops;
    private final CudaLaunches.Captured graph;

    CudaReplay(CudaDevice device, CudaLaunches launches, List<Invocation> invocations) {
        this.device = device;
        this.launches = launches;
        this.ops = invocations.size();
        this.writers =
                invocations.stream()
                        .filter(i -> {
                            for (int j = 0; j < i.out().length; j++) {
                                if (i.op().alias(j) >= 0 && i.out()[j].weight() != null) {
                                    return true;
                                }
                            }
                            return false;
                        })
                        .toList();
        this.graph = launches.capture(invocations);
    }

    @Override
    public void run() {
        LaunchEvent event = new LaunchEvent();
        event.begin();
        device.inside(
                "replay a graph",
                () -> {
                    launches.replay(graph);
                    return null;
                });
        writers.forEach(Invocation::written);
        if (event.shouldCommit()) {
            event.op = "graph of " + ops + " ops";
            event.device = device.info().id();
            event.outputs = "";
            event.commit();
        }
    }

    @Override
    public void close() {
        device.tidy(() -> launches.drop(graph));
    }
}
