package io.tatara.models.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Schedules against their closed forms. */
class ScheduleTest {
    private static final Offset<Double> CLOSE = within(1e-12);

    private static double at(String text, long step, long total) {
        return Schedule.parse(text, 0.5).at(step, total);
    }

    @Test
    void constantStepAndExponential() {
        assertThat(at("constant", 77, 100)).isEqualTo(0.5);
        assertThat(at("step,every=10,factor=0.5", 9, 100)).isEqualTo(0.5);
        assertThat(at("step,every=10,factor=0.5", 10, 100)).isEqualTo(0.25);
        assertThat(at("step,every=10,factor=0.5", 39, 100)).isEqualTo(0.0625);
        assertThat(at("step,every=10", 10, 100)).isCloseTo(0.05, CLOSE);
        assertThat(at("exponential,factor=0.9", 20, 100)).isCloseTo(0.5 * Math.pow(0.9, 20), CLOSE);
    }

    @Test
    void cosineFallsToItsLastPart() {
        assertThat(at("cosine", 0, 80)).isEqualTo(0.5);
        assertThat(at("cosine", 20, 80)).isCloseTo(0.25 * (1 + Math.sqrt(0.5)), CLOSE);
        assertThat(at("cosine", 40, 80)).isCloseTo(0.25, CLOSE);
        assertThat(at("cosine,last=0.1", 80, 80)).isCloseTo(0.05, CLOSE);
        // A run that goes on beyond its end stays there.
        assertThat(at("cosine,last=0.1", 120, 80)).isCloseTo(0.05, CLOSE);
    }

    @Test
    void cosineRestartsAfterLongerAndLongerPeriods() {
        String text = "cosine,period=4,multiple=2";
        assertThat(at(text, 2, 100)).isCloseTo(0.25, CLOSE);
        assertThat(at(text, 4, 100)).isEqualTo(0.5);
        assertThat(at(text, 8, 100)).isCloseTo(0.25, CLOSE);
        assertThat(at(text, 12, 100)).isEqualTo(0.5);
        assertThat(at(text, 20, 100)).isCloseTo(0.25, CLOSE);
        assertThat(at("cosine,period=4", 1_000_000_002L, 100)).isCloseTo(0.25, CLOSE);
    }

    @Test
    void warmUpComesBeforeTheRest() {
        assertThat(at("cosine,warmup=10", 0, 90)).isCloseTo(0.05, CLOSE);
        assertThat(at("cosine,warmup=10", 9, 90)).isCloseTo(0.5, CLOSE);
        assertThat(at("cosine,warmup=10", 10, 90)).isEqualTo(0.5);
        assertThat(at("cosine,warmup=10", 50, 90)).isCloseTo(0.25, CLOSE);
        assertThat(at("constant,warmup=4", 1, 90)).isCloseTo(0.25, CLOSE);
    }

    @Test
    void linearAndPolynomial() {
        assertThat(at("linear", 25, 100)).isCloseTo(0.375, CLOSE);
        assertThat(at("linear,last=0.2", 100, 100)).isCloseTo(0.1, CLOSE);
        assertThat(at("polynomial,power=3", 50, 100)).isCloseTo(0.5 / 8, CLOSE);
        assertThat(at("polynomial,last=0.5", 50, 100)).isCloseTo(0.5 * 0.625, CLOSE);
    }

    /** Eq. 3 of Vaswani et al.: width^-0.5 min(s^-0.5, s warmup^-1.5), s from 1. */
    @Test
    void inverseRootIsVaswanis() {
        int width = 512;
        int warmup = 400;
        Schedule s =
                Schedule.parse(
                        "inverse-sqrt, warmup = 400", 1 / Math.sqrt(width * (double) warmup));
        for (int step : new int[] {1, 17, 399, 400, 401, 5000}) {
            double rate =
                    Math.pow(width, -0.5)
                            * Math.min(Math.pow(step, -0.5), step * Math.pow(warmup, -1.5));
            assertThat(s.at(step - 1, 10_000)).isCloseTo(rate, CLOSE);
        }
    }

    @Test
    void wrongTextsSayWhatIsWrong() {
        assertThatThrownBy(() -> Schedule.parse("cosin", 1))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("cosin")
                .hasMessageContaining("inverse-sqrt");
        assertThatThrownBy(() -> Schedule.parse("cosine,warmup", 1))
                .hasMessageContaining("name=value");
        for (String text : new String[] {",", " , ", "cosine,"}) {
            assertThatThrownBy(() -> Schedule.parse(text, 1))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("name=value");
        }
        assertThatThrownBy(() -> Schedule.parse("cosine,power=2", 1)).hasMessageContaining("power");
        assertThatThrownBy(() -> Schedule.parse("linear,last=low", 1)).hasMessageContaining("low");
        assertThatThrownBy(() -> Schedule.parse("step", 1)).hasMessageContaining("every");
        assertThatThrownBy(() -> Schedule.parse("step,every=0", 1)).hasMessageContaining("every");
        assertThatThrownBy(() -> Schedule.parse("constant,warmup=-1", 1))
                .hasMessageContaining("warmup");
    }
}
