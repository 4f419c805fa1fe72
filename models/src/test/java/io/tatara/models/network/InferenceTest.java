package io.tatara.models.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.conv.ConvWindow;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.models.SharedData;
import io.tatara.runtime.Device;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.io.HostTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** Real weights are read from {@code shared/data} beside the project where it is. */
class InferenceTest {
    private static final float[] MEAN = {0.485f, 0.456f, 0.406f};
    private static final float[] DEVIATION = {0.229f, 0.224f, 0.225f};
    private static final int PIXELS = 32 * 32;

    @Test
    void resNet20GivesItsAuthorsLogitsAndAccuracy() throws IOException {
        Path weights = SharedData.find("models/resnet-cifar10/resnet20.safetensors");
        Path pictures = SharedData.find("cifar10-subset/test1000.bin.gz");
        assumeTrue(weights != null && pictures != null, "needs shared/data");
        byte[] all;
        try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(pictures))) {
            all = in.readAllBytes();
        }
        int count = all.length / (3 * PIXELS + 1);
        int right = 0;
        try (Device device = Tatara.open("jvm");
                Inference net =
                        Inference.load(device, ModelZoo.of("resnet-20", Map.of()), weights)) {
            for (int from = 0; from < count; from += 100) {
                try (Scope s = device.scope()) {
                    float[] x = pictures(all, from, 100);
                    float[] y = net.run(s, s.tensor(x, 100, 3, 32, 32)).toFloats();
                    if (from == 0) {
                        float[] logits = {
                            7.8901f, -1.0877f, 2.6342f, -1.0125f, -2.8370f, -6.9533f, -3.3481f,
                            -6.4984f, 6.9738f, 4.2098f
                        };
                        for (int i = 0; i < logits.length; i++) {
                            assertThat(y[i]).isCloseTo(logits[i], within(1e-3f));
                        }
                    }
                    for (int i = 0; i < 100; i++) {
                        right += largest(y, i * 10) == all[(from + i) * (3 * PIXELS + 1)] ? 1 : 0;
                    }
                }
            }
        }
        assertThat(right).isEqualTo(804);
    }

    private static float[] pictures(byte[] all, int from, int n) {
        float[] x = new float[n * 3 * PIXELS];
        for (int i = 0; i < x.length; i++) {
            int picture = i / (3 * PIXELS);
            int channel = i / PIXELS % 3;
            int at = (from + picture) * (3 * PIXELS + 1) + 1 + i % (3 * PIXELS);
            x[i] = ((all[at] & 0xff) / 255f - MEAN[channel]) / DEVIATION[channel];
        }
        return x;
    }

    private static int largest(float[] y, int at) {
        int best = 0;
        for (int i = 1; i < 10; i++) {
            best = y[at + i] > y[at + best] ? i : best;
        }
        return best;
    }

    private static Map<String, HostTensor> random(Network n, Random r) {
        Map<String, HostTensor> w = new HashMap<>();
        for (Node node : n.nodes()) {
            int in = node.inputs().isEmpty() ? 0 : node.inputs().getFirst().channels();
            switch (node.kind()) {
                case Kind.Conv2d c ->
                        w.put(
                                node.name() + ".weight",
                                some(r, 0, c.channels(), in / c.groups(), c.kernel(), c.kernel()));
                case Kind.BatchNorm b -> {
                    w.put(node.name() + ".weight", some(r, 1, in));
                    w.put(node.name() + ".bias", some(r, 0, in));
                    w.put(node.name() + ".running_mean", some(r, 0, in));
                    w.put(node.name() + ".running_var", some(r, 2, in));
                }
                case Kind.Linear l -> {
                    w.put(node.name() + ".weight", some(r, 0, l.features(), in));
                    w.put(node.name() + ".bias", some(r, 0, l.features()));
                }
                default -> {}
            }
        }
        return w;
    }

    private static HostTensor some(Random r, float around, int... dims) {
        int size = 1;
        for (int d : dims) {
            size *= d;
        }
        float[] x = new float[size];
        for (int i = 0; i < size; i++) {
            x[i] = around + 0.3f * (2 * r.nextFloat() - 1);
        }
        return HostTensor.of(x, dims);
    }

    /** One position, so that each layer can be computed here by hand. */
    @Test
    void foldedNormsAndEpiloguesGiveWhatTheLayersGive() {
        NetworkBuilder b = new NetworkBuilder("small", 2, 1, 1);
        Node c = b.conv("conv", b.input(), 2, 1, 1);
        Node x = b.relu("relu", b.batchNorm("norm", c));
        x = b.relu6("relu6", b.batchNorm("norm2", b.add("add", x, c)));
        x = b.padChannels("pad", x, 4, 1);
        b.linear("fc", b.globalAverage("mean", x), 1);
        Network n = b.build();
        Map<String, HostTensor> w = random(n, new Random(3));
        float[] in = {1.5f, -2};
        double[] conv = new double[2];
        double[] y = new double[2];
        for (int m = 0; m < 2; m++) {
            float[] k = w.get("conv.weight").floats();
            conv[m] = k[2 * m] * in[0] + k[2 * m + 1] * in[1];
            y[m] = Math.max(0, norm(w, "norm", m, conv[m])) + conv[m];
            y[m] = Math.min(6, Math.max(0, norm(w, "norm2", m, y[m])));
        }
        float[] fc = w.get("fc.weight").floats();
        double expected = w.get("fc.bias").floats()[0] + fc[1] * y[0] + fc[2] * y[1];
        try (Device device = Tatara.open("jvm");
                Inference net = new Inference(device, n, w);
                Scope s = device.scope()) {
            float[] out = net.run(s, s.tensor(in, 1, 2, 1, 1)).toFloats();
            assertThat(out).hasSize(1);
            assertThat((double) out[0]).isCloseTo(expected, within(1e-6));
        }
    }

    private static double norm(Map<String, HostTensor> w, String name, int i, double x) {
        return (x - w.get(name + ".running_mean").floats()[i])
                        / Math.sqrt(w.get(name + ".running_var").floats()[i] + 1e-5)
                        * w.get(name + ".weight").floats()[i]
                + w.get(name + ".bias").floats()[i];
    }

    @Test
    void theFamiliesRun() {
        for (String name :
                new String[] {
                    "mobilenet-v1",
                    "mobilenet-v2",
                    "resnet-20",
                    "wrn-10-1",
                    "pyramidnet-8-6",
                    "densenet-bc-16-4",
                    "resnet-18"
                }) {
            Map<String, String> options =
                    name.startsWith("mobile")
                            ? Map.of("resolution", "32", "width", "0.25")
                            : Map.of("resolution", "32");
            Network n = ModelZoo.of(name, options);
            Random r = new Random(5);
            try (Device device = Tatara.open("jvm");
                    Inference net = new Inference(device, n, random(n, r));
                    Scope s = device.scope()) {
                float[] y = net.run(s, s.normal(r, 1, 2, 3, 32, 32)).toFloats();
                assertThat(y).hasSize(2 * n.output().channels());
                for (float v : y) {
                    assertThat(v).isFinite();
                }
            }
        }
    }

    /** Three pairs, of which one is read in between and one is strided, layer by layer. */
    @Test
    void separablePairsGiveWhatTheirLayersGive() {
        NetworkBuilder b = new NetworkBuilder("pairs", 6, 9, 8);
        Node d = b.relu6("relu1", b.batchNorm("norm1", b.depthwise("dw1", b.input(), 3, 2)));
        Node p = b.relu("relu2", b.batchNorm("norm2", b.conv("pw1", d, 6, 1, 1)));
        Node e = b.depthwise("dw2", p, 3, 1);
        Node f = b.depthwise("dw3", b.add("add", b.conv("pw2", e, 6, 1, 1), e), 3, 1);
        b.conv("pw3", f, 4, 1, 2);
        Network n = b.build();
        Map<String, HostTensor> w = random(n, new Random(7));
        try (Device device = Tatara.open("jvm");
                Inference net = new Inference(device, n, w);
                Scope s = device.scope()) {
            Tensor x = s.normal(new Random(8), 1, 3, 6, 9, 8);
            float[] y = net.run(s, x).toFloats();
            Ops o = s.ops();
            ConvWindow same = ConvWindow.UNIT.pad(1);
            Tensor t = o.conv2d(x, of(s, w, "dw1.weight"), null, same.stride(2), 6);
            t = o.pointwise(Exprs.relu6(Exprs.in(0)), normed(s, w, "norm1", t));
            t = o.conv2d(t, of(s, w, "pw1.weight"), null, ConvWindow.UNIT, 1);
            t = o.relu(normed(s, w, "norm2", t));
            t = o.conv2d(t, of(s, w, "dw2.weight"), null, same, 6);
            t = o.add(o.conv2d(t, of(s, w, "pw2.weight"), null, ConvWindow.UNIT, 1), t);
            t = o.conv2d(t, of(s, w, "dw3.weight"), null, same, 6);
            t = o.conv2d(t, of(s, w, "pw3.weight"), null, ConvWindow.UNIT.stride(2), 1);
            float[] expected = t.toFloats();
            assertThat(y).hasSize(expected.length);
            for (int i = 0; i < y.length; i++) {
                assertThat(y[i]).isCloseTo(expected[i], within(1e-4f));
            }
        }
    }

    /** No pair for the op, which makes one channel of each. */
    @Test
    void depthwiseLayersMayMakeSeveralChannelsOfEach() {
        NetworkBuilder b = new NetworkBuilder("multiplied", 3, 5, 4);
        Node d = b.conv("dw", b.input(), new Kind.Conv2d(6, 3, 1, 1, 1, 3, false));
        b.conv("pw", b.relu("relu", d), 4, 1, 1);
        Network n = b.build();
        Map<String, HostTensor> w = random(n, new Random(9));
        try (Device device = Tatara.open("jvm");
                Inference net = new Inference(device, n, w);
                Scope s = device.scope()) {
            Tensor x = s.normal(new Random(10), 1, 2, 3, 5, 4);
            float[] y = net.run(s, x).toFloats();
            Ops o = s.ops();
            Tensor t = o.conv2d(x, of(s, w, "dw.weight"), null, ConvWindow.UNIT.pad(1), 3);
            t = o.conv2d(o.relu(t), of(s, w, "pw.weight"), null, ConvWindow.UNIT, 1);
            assertThat(y).containsExactly(t.toFloats(), within(1e-5f));
        }
    }

    private static Tensor of(Scope s, Map<String, HostTensor> w, String name) {
        HostTensor t = w.get(name);
        return s.tensor(t.floats(), t.spec().shape().toArray());
    }

    private static Tensor normed(Scope s, Map<String, HostTensor> w, String name, Tensor x) {
        int c = x.shape().dim(1);
        float[] scale = new float[c];
        float[] shift = new float[c];
        for (int i = 0; i < c; i++) {
            shift[i] = (float) norm(w, name, i, 0);
            scale[i] = (float) (norm(w, name, i, 1) - norm(w, name, i, 0));
        }
        Tensor scaled = s.ops().mul(x, s.tensor(scale, c, 1, 1));
        return s.ops().add(scaled, s.tensor(shift, c, 1, 1));
    }

    @Test
    void missingAndMisshapenWeightsAreNamed() {
        Network n = ModelZoo.of("resnet-20", Map.of());
        try (Device device = Tatara.open("jvm")) {
            Map<String, HostTensor> w = random(n, new Random(1));
            HostTensor kept = w.remove("layer2.1.conv2.weight");
            assertThatThrownBy(() -> new Inference(device, n, w))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("layer2.1.conv2.weight");
            w.put("layer2.1.conv2.weight", kept);
            w.put("linear.bias", HostTensor.of(new float[9], 9));
            assertThatThrownBy(() -> new Inference(device, n, w))
                    .hasMessageContaining("linear.bias")
                    .hasMessageContaining("10");
            Network sound = ModelZoo.of("wavenet", Map.of("samples", "10"));
            assertThatThrownBy(() -> new Inference(device, sound, Map.of()))
                    .hasMessageContaining("causal");
        }
    }
}
