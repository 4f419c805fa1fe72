package io.tatara.models.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AheadTest {
    private static List<Object> batches(int n) {
        return IntStream.range(0, n).<Object>mapToObj(i -> "batch " + i).toList();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void eachIsMadeOnceAndComesInOrder(boolean between) {
        List<Object> batches = batches(50);
        AtomicInteger made = new AtomicInteger();
        Ahead<Object, String> ahead =
                new Ahead<>(
                        batches,
                        b -> {
                            made.incrementAndGet();
                            return "made of " + b;
                        },
                        between);
        for (Object b : batches) {
            assertThat(ahead.get(b)).isEqualTo("made of " + b);
        }
        assertThat(made).hasValue(50);
    }

    @Test
    void theNextIsMadeWhileOneIsUsed() throws InterruptedException {
        List<Object> batches = batches(2);
        CountDownLatch second = new CountDownLatch(1);
        Ahead<Object, Object> ahead =
                new Ahead<>(
                        batches,
                        b -> {
                            if (b == batches.get(1)) {
                                second.countDown();
                            }
                            return b;
                        },
                        false);
        ahead.get(batches.get(0));
        assertThat(second.await(60, TimeUnit.SECONDS)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRunThatIsTakenUpBeginsLate(boolean between) {
        List<Object> batches = batches(20);
        AtomicInteger made = new AtomicInteger();
        Ahead<Object, Object> ahead =
                new Ahead<>(
                        batches,
                        b -> {
                            made.incrementAndGet();
                            return b;
                        },
                        between);
        for (int i = 12; i < 20; i++) {
            assertThat(ahead.get(batches.get(i))).isSameAs(batches.get(i));
        }
        assertThat(made).hasValue(8);
        // Behind, or of another list: made when asked for.
        assertThat(ahead.get(batches.get(3))).isSameAs(batches.get(3));
        assertThat(ahead.get("other")).isEqualTo("other");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatMakingThrowsIsThrown(boolean between) {
        List<Object> batches = batches(4);
        Ahead<Object, Object> ahead =
                new Ahead<>(
                        batches,
                        b -> {
                            if (b == batches.get(2)) {
                                throw new TrainingException("broken: " + b);
                            }
                            return b;
                        },
                        between);
        ahead.get(batches.get(0));
        ahead.get(batches.get(1));
        assertThatThrownBy(() -> ahead.get(batches.get(2)))
                .isInstanceOf(TrainingException.class)
                .hasMessage("broken: batch 2");
        assertThat(ahead.get(batches.get(3))).isSameAs(batches.get(3));
    }
}
