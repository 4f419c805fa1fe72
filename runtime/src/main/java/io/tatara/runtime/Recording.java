package io.tatara.runtime;

import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.runtime.graph.Buffer;
import io.tatara.runtime.graph.Node;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the body of a {@link Graph} has run so far. Holds on to all memory that was touched, so that
 * while it records a piece of memory stands for one tensor.
 */
final class Recording {
    private final Device device;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<Storage, Buffer> buffers = new IdentityHashMap<>();
    private final List<Storage> storages = new ArrayList<>(); // by the buffer's number
    private final List<Tensor> made = new ArrayList<>();

    Recording(Device device) {
        this.device = device;
    }

    Device device() {
        return device;
    }

    /** An op that has run; outputs in place share their input's storage. */
    void add(Op op, Value[] in, Tensor[] out) {
        Buffer[] read = new Buffer[in.length];
        TensorSpec[] readSpecs = new TensorSpec[in.length];
        for (int i = 0; i < in.length; i++) {
            if (in[i] != null) {
                read[i] = buffer(((Tensor) in[i]).storage(), Buffer.Kind.OUTSIDE);
                readSpecs[i] = in[i].spec();
            }
        }
        Buffer[] written = new Buffer[out.length];
        TensorSpec[] writtenSpecs = new TensorSpec[out.length];
        for (int j = 0; j < out.length; j++) {
            written[j] = buffer(out[j].storage(), Buffer.Kind.INNER);
            writtenSpecs[j] = out[j].spec();
            made.add(out[j]);
        }
        nodes.add(Node.of(op, read, readSpecs, written, writtenSpecs));
    }

    /** A view that was made; nothing ran. */
    void view(Tensor t) {
        made.add(t);
    }

    private Buffer buffer(Storage s, Buffer.Kind kind) {
        return buffers.computeIfAbsent(
                s,
                k -> {
                    s.retain();
                    storages.add(s);
                    return new Buffer(
                            storages.size() - 1, s.dtype, s.memory.bytes(), !s.isOwned(), kind);
                });
    }

    /**
     * Ends what the recorded ops made in the graph's own scope, but for its outputs; what is still
     * open then is visible.
     */
    void end(Scope own, Tensor[] outputs) {
        Set<Tensor> returned = Collections.newSetFromMap(new IdentityHashMap<>());
        Collections.addAll(returned, outputs);
        for (Tensor t : made) {
            if (!returned.contains(t) && t.scope().isWithin(own)) {
                t.close();
            }
        }
        made.clear();
        for (Storage s : storages) {
            if (s.references() > 1) {
                buffers.get(s).seen();
            }
        }
    }

    /** All that was made stays open, and so visible. */
    void keep() {
        made.clear();
        buffers.values().forEach(Buffer::seen);
    }

    List<Node> nodes() {
        return nodes;
    }

    Storage storage(Buffer b) {
        return storages.get(b.id());
    }

    /** All buffers in order of first use. */
    List<Buffer> buffers() {
        return storages.stream().map(buffers::get).toList();
    }

    void release() {
        storages.forEach(Storage::release);
        storages.clear();
    }
}
