package io.tatara.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class HeapAllocatorTest {
    @Test
    void placesDoNotOverlapAndComeBackWhole() {
        int words = 1 << 14;
        HeapAllocator heap = new HeapAllocator(words);
        boolean[] taken = new boolean[words];
        List<int[]> places = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 5000; i++) {
            if (random.nextInt(5) < 3) {
                int n = 1 + random.nextInt(300);
                int at = heap.allocate(n);
                if (at >= 0) {
                    assertThat(at % HeapAllocator.GRAIN).isZero();
                    for (int w = at; w < at + n; w++) {
                        assertThat(taken[w]).isFalse();
                        taken[w] = true;
                    }
                    places.add(new int[] {at, n});
                }
            } else if (!places.isEmpty()) {
                int[] p = places.remove(random.nextInt(places.size()));
                for (int w = p[0]; w < p[0] + p[1]; w++) {
                    taken[w] = false;
                }
                heap.release(p[0]);
            }
        }
        places.forEach(p -> heap.release(p[0]));
        assertThat(heap.largest()).isEqualTo(words);
    }

    @Test
    void saysSoWhereNoHoleIsLargeEnough() {
        HeapAllocator heap = new HeapAllocator(100);
        assertThat(heap.largest()).isEqualTo(96);
        assertThat(heap.allocate(97)).isEqualTo(-1);
        assertThat(heap.allocate(Integer.MAX_VALUE)).isEqualTo(-1);
        int at = heap.allocate(96);
        assertThat(heap.allocate(1)).isEqualTo(-1);
        heap.release(at);
        heap.release(at); // twice does nothing
        assertThat(heap.largest()).isEqualTo(96);
    }
}
