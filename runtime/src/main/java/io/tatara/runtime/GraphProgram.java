package io.tatara.runtime;

import io.tatara.kernels.TensorSpec;
import io.tatara.runtime.graph.Buffer;
import io.tatara.runtime.graph.DeadCode;
import io.tatara.runtime.graph.Fusion;
import io.tatara.runtime.graph.MemoryPlan;
import io.tatara.runtime.graph.Node;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.Invocation;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** A recording made ready: the ops that a replay runs, each tensor with its memory. */
final class GraphProgram {
    private final Device device;
    private final List<Node> nodes;
    private final MemoryPlan plan; // null for none
    private final Map<Buffer, Storage> memory = new IdentityHashMap<>();
    private final List<Storage> held = new ArrayList<>();
    private Graph.MemoryUse use;

    private GraphProgram(Device device, List<Node> nodes, MemoryPlan plan) {
        this.device = device;
        this.nodes = nodes;
        this.plan = plan;
    }

    /**
     * Takes over the memory that the replay needs and gives back what else the recording held, also
     * where this fails.
     */
    static GraphProgram of(Recording recording, Graph.Options options) {
        Device device = recording.device();
        List<Node> nodes = recording.nodes();
        if (options.fuse() || options.plan()) {
            nodes = DeadCode.drop(nodes);
        }
        if (options.fuse() && device.backEnd().compiles()) {
            nodes = DeadCode.drop(Fusion.fuse(nodes));
        }
        MemoryPlan plan =
                options.plan() ? MemoryPlan.of(nodes, device.backEnd()::storageClass) : null;
        GraphProgram p = new GraphProgram(device, List.copyOf(nodes), plan);
        boolean done = false;
        try {
            p.place(recording);
            done = true;
            return p;
        } finally {
            if (!done) {
                p.release();
            }
        }
    }

    private void place(Recording recording) {
        long before = 0;
        int made = 0;
        List<Buffer> all = recording.buffers();
        for (Buffer b : all) {
            if (b.kind() != Buffer.Kind.OUTSIDE) {
                before += b.bytes();
                made++;
            }
        }
        long after = 0;
        int pieces = 0;
        for (Node n : nodes) {
            for (List<Buffer> side : List.of(n.in(), n.out())) {
                for (Buffer b : side) {
                    if (b != null && !memory.containsKey(b) && !isPlanned(b)) {
                        Storage s = recording.storage(b);
                        s.retain();
                        held.add(s);
                        memory.put(b, s);
                        boolean inside = b.kind() != Buffer.Kind.OUTSIDE;
                        after += inside ? b.bytes() : 0;
                        pieces += inside ? 1 : 0;
                    }
                }
            }
        }
        recording.release(); // before the slots are asked for: they may be had of it
        Map<MemoryPlan.Slot, Storage> slots = new IdentityHashMap<>();
        if (plan != null) {
            for (MemoryPlan.Slot s : plan.slots()) {
                Storage storage = slot(s);
                held.add(storage);
                slots.put(s, storage);
                after += storage.memory.bytes();
                pieces++;
            }
            for (Buffer b : all) {
                if (plan.slot(b) != null) {
                    memory.put(b, slots.get(plan.slot(b)));
                }
            }
        }
        use = new Graph.MemoryUse(before, after, made, pieces);
    }

    private boolean isPlanned(Buffer b) {
        return plan != null && plan.slot(b) != null;
    }

    private Storage slot(MemoryPlan.Slot s) {
        int elements = Math.toIntExact(s.bytes() / s.dtype().bytes());
        return new Storage(device, s.dtype(), device.pool().acquire(s.dtype(), elements), null);
    }

    List<Node> nodes() {
        return nodes;
    }

    Graph.MemoryUse use() {
        return use;
    }

    /** The memory of a buffer of the graph's, for people. */
    String place(Buffer b) {
        if (isPlanned(b)) {
            return "slot " + plan.slot(b).number();
        }
        return b.kind() == Buffer.Kind.VISIBLE ? "visible" : "own memory";
    }

    /** The ops with their memory, in order. */
    List<Invocation> invocations() {
        List<Invocation> list = new ArrayList<>();
        for (Node n : nodes) {
            list.add(
                    new Invocation(
                            n.op(),
                            bindings(n.in(), n.inSpecs()),
                            bindings(n.out(), n.outSpecs())));
        }
        return list;
    }

    private Binding[] bindings(List<Buffer> buffers, List<TensorSpec> specs) {
        Binding[] b = new Binding[buffers.size()];
        for (int i = 0; i < b.length; i++) {
            if (buffers.get(i) != null) {
                Storage s = memory.get(buffers.get(i));
                b[i] = new Binding(specs.get(i), s.memory, s.weight);
            }
        }
        return b;
    }

    void release() {
        held.forEach(Storage::release);
        held.clear();
    }
}
