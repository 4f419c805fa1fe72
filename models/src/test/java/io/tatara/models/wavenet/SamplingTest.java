package io.tatara.models.wavenet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.DType;
import io.tatara.kernels.TataraException;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tatara;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings of the draws, and what a floor keeps from being drawn. */
class SamplingTest {
    private static final int SAMPLES = 300;

    private static WaveNetConfig tiny() {
        return WaveNetConfig.defaults()
                .merged(Map.of("stacks", 1, "layers", 3, "residual", 8, "skip", 8, "levels", 32));
    }

    private static int[] make(Sampling sampling) {
        try (Device d = Tatara.open("jvm");
                Parameters p = new Parameters(d, 1);
                Scope s = d.scope()) {
            WaveNetModel m = new WaveNetModel(p, tiny(), 0);
            List<Told> none = List.of(Told.of());
            return new Draws(tiny(), m, DType.FLOAT32, s, none, SAMPLES, sampling).make(SAMPLES);
        }
    }

    /** Of each draw the probability, by the network told the levels before. */
    private static double[] probabilities(int[] levels, double temperature) {
        double[] all = new double[levels.length];
        try (Device d = Tatara.open("jvm");
                Parameters p = new Parameters(d, 1);
                Scope s = d.scope()) {
            WaveNetModel m = new WaveNetModel(p, tiny(), 0);
            List<Told> none = List.of(Told.of());
            Sampling any = Sampling.of(1, 1);
            Steps steps = new Steps(tiny(), m, DType.FLOAT32, s, none, SAMPLES, any);
            int[] before = null;
            for (int t = 0; t < levels.length; t++) {
                double sum = 0;
                float[] logits = steps.next(before);
                for (float l : logits) {
                    sum += Math.exp(l / temperature);
                }
                all[t] = Math.exp(logits[levels[t]] / temperature) / sum;
                before = new int[] {levels[t]};
            }
        }
        return all;
    }

    @Test
    void whatIsLessLikelyThanTheFloorIsNotDrawn() {
        int[] free = make(Sampling.of(0.3, 3));
        assertThat(DoubleStream.of(probabilities(free, 0.3))).anyMatch(p -> p < 0.02);
        int[] floored = make(Sampling.of(0.3, 3).withFloor(0.02));
        assertThat(DoubleStream.of(probabilities(floored, 0.3))).allMatch(p -> p > 0.0199);
        assertThat(floored).isNotEqualTo(make(Sampling.of(0, 3)));
        // Where nothing is as likely as the floor, the likeliest is taken.
        assertThat(make(Sampling.of(0.3, 3).withFloor(0.9999))).isEqualTo(make(Sampling.of(0, 3)));
    }

    @Test
    void differentSeedsDrawDifferently() {
        assertThat(make(Sampling.of(1, 3))).isNotEqualTo(make(Sampling.of(1, 3L << 32)));
    }

    @ParameterizedTest
    @CsvSource({
        "-0.1,0,1,0,temperature", "NaN,0,1,0,temperature", "Infinity,0,1,0,temperature",
        "1,-0.1,1,0,floor", "1,1,1,0,floor", "1,NaN,1,0,floor",
        "1,0,-1,0,guidance", "1,0,NaN,0,guidance", "1,0,1,-0.1,caution",
        "1,0,1,1.1,caution", "1,0,1,NaN,caution"
    })
    void refuses(double temperature, double floor, double guidance, double caution, String what) {
        assertThatThrownBy(() -> new Sampling(temperature, floor, guidance, caution, 1))
                .isInstanceOf(TataraException.class)
                .hasMessageStartingWith("generate: " + what + ": given ");
    }

    @Test
    void aModelMustHaveBeenTrainedForIt() {
        WaveNetConfig c = tiny();
        Sampling.of(1, 1).withFloor(0.01).check(c);
        assertThatThrownBy(() -> Sampling.of(1, 1).withCaution(0.5).check(c))
                .hasMessage(
                        "generate: caution: given 0.5, expected 0, since the model was trained with noise 0");
        Sampling.of(1, 1).withCaution(0.5).check(c.with("noise", 1));
        assertThatThrownBy(() -> Sampling.of(1, 1).withGuidance(2).check(c))
                .hasMessageContaining("labelDropout 0");
        Sampling.of(1, 1)
                .withGuidance(2)
                .check(c.merged(Map.of("condition", "(.)", "labelDropout", 0.1)));
    }
}
