package io.tatara.models.translator;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.models.text.PairBatch;
import io.tatara.runtime.Device;
import io.tatara.runtime.Tatara;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The step that is measured is a step that trains. */
class TranslatorStepTest {
    private static final Map<String, Object> SMALL =
            Map.of("embedding", 12, "hidden", 8, "vocabulary", 20, "batch", 8, "dropout", 0.1);

    @Test
    void stepsOnOneBatchLearnIt() {
        TranslatorConfig config = TranslatorConfig.defaults().merged(SMALL);
        try (Device d = Tatara.open("jvm")) {
            try (TranslatorStep step = new TranslatorStep(d, config, 6, 7)) {
                PairBatch b = step.batch();
                assertThat(b.size()).isEqualTo(8);
                assertThat(b.sourceLength()).isEqualTo(6);
                assertThat(b.targetLength()).isEqualTo(7);
                assertThat(b.sourceLengths()).contains(6).contains(5);
                float first = step.loss();
                for (int i = 0; i < 40; i++) {
                    step.run();
                }
                assertThat(step.loss()).isLessThan(first - 0.1f);
                assertThat(step.parameters()).isPositive();
            }
            assertThat(d.leakedScopes()).isZero();
            assertThat(d.openScopes()).isZero();
        }
    }
}
