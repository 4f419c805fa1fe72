package io.tatara.models.nn;

import io.tatara.kernels.Shape;
import io.tatara.kernels.TataraException;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.io.HostTensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The weights of a model by name, in the order in which its layers made them. Names and layouts of
 * what is saved are PyTorch's. Initial values depend on the seed and the name alone, not on the
 * order.
 *
 * <p>Owns its tensors: close it when the model is no longer used. {@link #under} gives a view in
 * which names carry a prefix.
 */
public final class Parameters implements AutoCloseable {
    /**
     * @param slices names under which the entries of axis 0 are saved, each without that axis;
     *     empty where the tensor is saved whole under its own name
     * @param zeros names that PyTorch has beside these: saved as zeros, added to the values when
     *     loading
     * @param trained false for a buffer
     */
    private record Entry(Tensor tensor, List<String> slices, List<String> zeros, boolean trained) {}

    private final Scope scope;
    private final long seed;
    private final String prefix;
    private final Map<String, Entry> entries;

    /** An empty set of weights on this device. */
    public Parameters(Device device, long seed) {
        this(device.scope(), seed, "", new LinkedHashMap<>());
    }

    private Parameters(Scope scope, long seed, String prefix, Map<String, Entry> entries) {
        this.scope = scope;
        this.seed = seed;
        this.prefix = prefix;
        this.entries = entries;
    }

    /** The same set seen from a layer: names made through it start with {@code name + "."}. */
    public Parameters under(String name) {
        return new Parameters(scope, seed, prefix + name + ".", entries);
    }

    /** A weight with elements drawn uniformly from [-bound, bound). */
    public Tensor uniform(String name, double bound, int... dims) {
        return uniform(name, List.of(), List.of(), bound, dims);
    }

    /** A weight [out, in] drawn uniformly with bound √(6 / (in + out)); Glorot and Bengio 2010. */
    public Tensor xavier(String name, int out, int in) {
        return uniform(name, Math.sqrt(6.0 / (in + out)), out, in);
    }

    /** A weight with all elements the same. */
    public Tensor full(String name, float value, int... dims) {
        float[] v = new float[Shape.of(dims).size()];
        Arrays.fill(v, value);
        return add(name, List.of(), List.of(), v, dims);
    }

    /**
     * A buffer with all elements the same: saved and loaded with the weights, but not trained, so
     * not among {@link #names} and {@link #tensors}. Running statistics of norms are such.
     */
    public Tensor buffer(String name, float value, int... dims) {
        float[] v = new float[Shape.of(dims).size()];
        Arrays.fill(v, value);
        return add(name, List.of(), List.of(), false, v, dims);
    }

    /**
     * A weight that is saved as several: entry i of axis 0 under the i-th of {@code slices}, and
     * beside each a tensor of zeros under the i-th of {@code zeros} (may be empty), which is added
     * when loading.
     */
    Tensor uniform(
            String name, List<String> slices, List<String> zeros, double bound, int... dims) {
        SplittableRandom random = new SplittableRandom(start(seed) + hash(prefix + name));
        float[] v = new float[Shape.of(dims).size()];
        for (int i = 0; i < v.length; i++) {
            v[i] = (float) ((random.nextDouble() * 2 - 1) * bound);
        }
        return add(name, slices, zeros, v, dims);
    }

    /**
     * Where a seed's numbers begin. Not its multiple of the constant by which {@link
     * SplittableRandom} goes on: a weight of the next seed would be the same but for one element.
     */
    private static long start(long seed) {
        return 0x9E3779B97F4A7C15L + (seed - 1) * 0xD1B54A32D192ED03L;
    }

    private static long hash(String s) {
        long h = 0xCBF29CE484222325L;
        for (int i = 0; i < s.length(); i++) {
            h = (h ^ s.charAt(i)) * 0x100000001B3L;
        }
        return h;
    }

    private Tensor add(
            String name, List<String> slices, List<String> zeros, float[] values, int... dims) {
        return add(name, slices, zeros, true, values, dims);
    }

    private Tensor add(
            String name,
            List<String> slices,
            List<String> zeros,
            boolean trained,
            float[] values,
            int... dims) {
        String full = prefix + name;
        if (entries.containsKey(full)) {
            throw new TataraException("parameter " + full + " is made twice");
        }
        Tensor t = scope.weight(values, dims);
        entries.put(full, new Entry(t, prefixed(slices), prefixed(zeros), trained));
        return t;
    }

    private List<String> prefixed(List<String> names) {
        return names.stream().map(n -> prefix + n).toList();
    }

    /**
     * @throws TataraException if there is no such parameter
     */
    public Tensor get(String name) {
        Entry e = entries.get(prefix + name);
        if (e == null) {
            throw new TataraException(
                    "no parameter " + prefix + name + "; there are " + entries.keySet());
        }
        return e.tensor;
    }

    /** All names of weights in order. */
    public List<String> names() {
        return entries.entrySet().stream()
                .filter(e -> e.getValue().trained)
                .map(Map.Entry::getKey)
                .toList();
    }

    /** All weights in order. */
    public Tensor[] tensors() {
        return entries.values().stream()
                .filter(Entry::trained)
                .map(Entry::tensor)
                .toArray(Tensor[]::new);
    }

    /** Number of elements of all weights. */
    public long count() {
        return entries.values().stream()
                .filter(Entry::trained)
                .mapToLong(e -> e.tensor.size())
                .sum();
    }

    public Scope scope() {
        return scope;
    }

    /**
     * Copies of all weights and buffers on the host, under the names of a PyTorch state dictionary.
     */
    public Map<String, HostTensor> save() {
        Map<String, HostTensor> out = new LinkedHashMap<>();
        entries.forEach((name, e) -> {
            int[] dims = e.tensor.shape().toArray();
            float[] v = e.tensor.toFloats();
            if (e.slices.isEmpty()) {
                out.put(name, HostTensor.of(v, dims));
                return;
            }
            int[] rest = Arrays.copyOfRange(dims, 1, dims.length);
            int part = v.length / dims[0];
            for (int i = 0; i < dims[0]; i++) {
                out.put(
                        e.slices.get(i),
                        HostTensor.of(Arrays.copyOfRange(v, i * part, (i + 1) * part), rest));
                if (!e.zeros.isEmpty()) {
                    out.put(e.zeros.get(i), HostTensor.of(new float[part], rest));
                }
            }
        });
        return out;
    }

    /**
     * Overwrites all weights and buffers; other tensors in the map are let be.
     *
     * @throws TataraException naming a tensor that is missing or has another shape
     */
    public void load(Map<String, HostTensor> saved) {
        entries.forEach((name, e) -> e.tensor.write(values(name, e, saved)));
    }

    private static float[] values(String name, Entry e, Map<String, HostTensor> saved) {
        int[] dims = e.tensor.shape().toArray();
        if (e.slices.isEmpty()) {
            return values(name, saved, dims);
        }
        int[] rest = Arrays.copyOfRange(dims, 1, dims.length);
        float[] v = new float[e.tensor.size()];
        int part = v.length / dims[0];
        for (int i = 0; i < dims[0]; i++) {
            float[] from = values(e.slices.get(i), saved, rest);
            float[] more =
                    e.zeros.isEmpty() || !saved.containsKey(e.zeros.get(i))
                            ? new float[part]
                            : values(e.zeros.get(i), saved, rest);
            for (int j = 0; j < part; j++) {
                v[i * part + j] = from[j] + more[j];
            }
        }
        return v;
    }

    private static float[] values(String name, Map<String, HostTensor> saved, int[] dims) {
        HostTensor t = saved.get(name);
        if (t == null) {
            throw new TataraException(
                    "weights: tensor " + name + " is missing; given " + saved.keySet());
        }
        if (!t.spec().shape().equals(Shape.of(dims))) {
            throw new TataraException(
                    "weights: tensor "
                            + name
                            + ": given "
                            + t.spec()
                            + ", expected shape "
                            + Arrays.toString(dims));
        }
        return t.floats();
    }

    /** Ends all weights. */
    @Override
    public void close() {
        scope.close();
    }
}
