package io.tatara.models.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.TataraException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers as the papers and their authors' code give them. */
class ModelZooTest {
    private static Network of(String name) {
        return ModelZoo.of(name, Map.of());
    }

    @ParameterizedTest
    @CsvSource({
        "mobilenet-v1, 4231976",
        "mobilenet-v2, 3504872",
        "densenet-121, 7978856",
        "densenet-169, 14149480",
        "densenet-201, 20013928",
        "densenet-161, 28681000",
        "densenet-bc-100-12, 769162",
        "resnet-18, 11689512",
        "resnet-34, 21797672",
        "resnet-50, 25557032",
        "resnet-101, 44549160",
        "resnet-152, 60192808",
        "resnet-20, 269722",
        "resnet-56, 853018",
        "wrn-28-10, 36479194",
        "pyramidnet-110-48, 1772706"
    })
    void parametersAreThePublishedOnes(String name, long parameters) {
        assertThat(of(name).parameters()).isEqualTo(parameters);
    }

    @Test
    void multiplyAddsAreThePublishedOnes() {
        assertThat(of("mobilenet-v1").multiplyAdds()).isEqualTo(568_740_352);
        // Table 7 of the paper: 0.5 MobileNet-160, 76 million and 1.32 million parameters.
        Network small = ModelZoo.of("mobilenet-v1", Map.of("width", "0.5", "resolution", "160"));
        assertThat(small.multiplyAdds() / 1_000_000).isEqualTo(76);
        assertThat(small.parameters() / 10_000).isEqualTo(133);
        // Table 5: the shallow form, 307 million and 2.9 million.
        Network shallow = ModelZoo.of("mobilenet-v1", Map.of("middle", "0"));
        assertThat(shallow.multiplyAdds() / 1_000_000).isEqualTo(307);
        assertThat(Math.round(shallow.parameters() / 1e5)).isEqualTo(29);
        assertThat(of("resnet-50").multiplyAdds()).isEqualTo(4_089_184_256L);
        assertThat(of("mobilenet-v2").multiplyAdds()).isEqualTo(300_774_272);
    }

    @Test
    void separablePairsCostWhatThePaperSays() {
        List<Network.Separable> pairs = of("mobilenet-v1").separables();
        assertThat(pairs).hasSize(13);
        Network.Separable first = pairs.getFirst();
        assertThat(first.cost()).isEqualTo(112L * 112 * 32 * (9 + 64));
        assertThat(first.plain()).isEqualTo(112L * 112 * 9 * 32 * 64);
        assertThat(of("resnet-18").separables()).isEmpty();
        assertThat(of("mobilenet-v2").separables()).hasSize(17);
    }

    @Test
    void shapesFollowTheLayers() {
        Network n = of("resnet-50");
        assertThat(n.input().shape()).containsExactly(3, 224, 224);
        assertThat(n.output().shape()).containsExactly(1000);
        assertThat(n.nodes().stream().filter(x -> x.name().equals("layer4.2.relu")).findFirst())
                .hasValueSatisfying(x -> assertThat(x.shape()).containsExactly(2048, 7, 7));
        assertThat(of("pyramidnet-110-48").nodes().getLast().inputs().getFirst().channels())
                .isEqualTo(64);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mobilenet-v1", "mobilenet-v2", "densenet-121", "densenet-40-12",
                "densenet-bc-100-12", "resnet-20", "preresnet-110", "preresnet-bottleneck-164",
                "wrn-16-4", "pyramidnet-bottleneck-164-84", "wavenet"
            })
    void everyLayerHasANameOfItsOwnAndComesAfterItsInputs(String name) {
        Set<String> names = new HashSet<>();
        Set<Node> before = new HashSet<>();
        for (Node n : of(name).nodes()) {
            assertThat(names.add(n.name())).as(n.name()).isTrue();
            assertThat(before.containsAll(n.inputs())).as(n.name()).isTrue();
            before.add(n);
        }
    }

    @Test
    void wavenetLooksBackAsFarAsItsDilationsReach() {
        Network n = ModelZoo.of("wavenet", Map.of("samples", "100"));
        assertThat(n.output().shape()).containsExactly(256, 100);
        assertThat(io.tatara.models.wavenet.WaveNet.receptiveField(2, 10, 2)).isEqualTo(2048);
    }

    @Test
    void wrongNamesAndOptionsSayWhatThereIs() {
        assertThatThrownBy(() -> of("alexnet"))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("mobilenet-v1");
        assertThatThrownBy(() -> of("resnet-21")).hasMessageContaining("6n + 2");
        assertThatThrownBy(() -> of("densenet-122")).hasMessageContaining("121");
        assertThatThrownBy(() -> ModelZoo.of("resnet-18", Map.of("width", "2")))
                .hasMessageContaining("has no option [width]")
                .hasMessageContaining("classes");
        assertThatThrownBy(() -> ModelZoo.of("mobilenet-v1", Map.of("width", "-1")))
                .hasMessageContaining("above 0");
        assertThatThrownBy(() -> ModelZoo.of("wrn-28-10", Map.of("resolution", "x")))
                .hasMessageContaining("whole number");
        assertThatThrownBy(() -> ModelZoo.of("mobilenet-v1", Map.of("resolution", "2147483647")))
                .hasMessageContaining("too large");
        assertThatThrownBy(() -> of("densenet-100000000-2")).hasMessageContaining("layers");
    }
}
