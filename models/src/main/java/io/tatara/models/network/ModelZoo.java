package io.tatara.models.network;

import io.tatara.kernels.TataraException;
import io.tatara.models.densenet.DenseNet;
import io.tatara.models.mnist.MnistNet;
import io.tatara.models.mobilenet.MobileNet;
import io.tatara.models.resnet.PyramidNet;
import io.tatara.models.resnet.ResNet;
import io.tatara.models.wavenet.WaveNet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The networks that there are, by name. */
public final class ModelZoo {
    private interface Maker extends BiFunction<Matcher, Options, Network> {}

    private static final Map<Pattern, Maker> MAKERS = new LinkedHashMap<>();

    /** How names are formed, for help and messages. */
    public static final List<String> NAMES =
            List.of(
                    "mobilenet-v1",
                    "mobilenet-v2",
                    "densenet-{121|169|201|161}",
                    "densenet-LAYERS-GROWTH",
                    "densenet-bc-LAYERS-GROWTH",
                    "resnet-{18|34|50|101|152}",
                    "resnet-{20|32|44|56|110|1202}",
                    "preresnet-LAYERS",
                    "preresnet-bottleneck-LAYERS",
                    "wrn-LAYERS-WIDTH",
                    "pyramidnet-LAYERS-ALPHA",
                    "pyramidnet-bottleneck-LAYERS-ALPHA",
                    "mnist-net",
                    "wavenet");

    static {
        put("mobilenet-v1", (m, o) -> MobileNet.v1(m.group(), o));
        put("mobilenet-v2", (m, o) -> MobileNet.v2(m.group(), o));
        put("densenet-(\\d+)", (m, o) -> DenseNet.imageNet(m.group(), n(m, 1), o));
        put(
                "densenet-(bc-)?(\\d+)-(\\d+)",
                (m, o) -> DenseNet.cifar(m.group(), m.group(1) != null, n(m, 2), n(m, 3), o));
        put("resnet-(\\d+)", (m, o) -> ResNet.plain(m.group(), n(m, 1), o));
        put(
                "preresnet-(bottleneck-)?(\\d+)",
                (m, o) -> ResNet.preActivation(m.group(), m.group(1) != null, n(m, 2), o));
        put("wrn-(\\d+)-(\\d+)", (m, o) -> ResNet.wide(m.group(), n(m, 1), n(m, 2), o));
        put(
                "pyramidnet-(bottleneck-)?(\\d+)-(\\d+)",
                (m, o) -> PyramidNet.of(m.group(), m.group(1) != null, n(m, 2), n(m, 3), o));
        put("mnist-net", (m, o) -> MnistNet.of(m.group(), o));
        put("wavenet", (m, o) -> WaveNet.describe(m.group(), o));
    }

    private ModelZoo() {}

    private static void put(String pattern, Maker maker) {
        MAKERS.put(Pattern.compile(pattern), maker);
    }

    private static int n(Matcher m, int group) {
        try {
            return Integer.parseInt(m.group(group));
        } catch (NumberFormatException e) {
            throw new TataraException("no network '" + m.group() + "'", e);
        }
    }

    /**
     * The network of that name.
     *
     * @param options such as {@code width=0.5}; each family has its own
     * @throws TataraException if there is no such network, depth or option
     */
    public static Network of(String name, Map<String, String> options) {
        for (Map.Entry<Pattern, Maker> e : MAKERS.entrySet()) {
            Matcher m = e.getKey().matcher(name);
            if (m.matches()) {
                Options o = new Options(name, options);
                Network network = e.getValue().apply(m, o);
                o.done();
                return network;
            }
        }
        throw new TataraException("no network '" + name + "'; there are " + NAMES);
    }
}
