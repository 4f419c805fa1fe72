package io.tatara.kernels.conv;

import static io.tatara.kernels.conv.Numbers.whole;
import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.ReferenceEmitter;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.Workers;
import io.tatara.kernels.matmul.Contexts;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.pointwise.Activation;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Blocks of rows and of images, cut where the suite's small cases have but one. */
class SeparableJvmTest {
    /** Small whole numbers: results are equal, not nearly so. */
    @ParameterizedTest
    @CsvSource({
        "3, 2100, 23, 22, 5, 1", // an image is more than a product of several takes
        "5, 700, 20, 25, 3, 1", // two such products, the second of fewer images
        "2, 300, 37, 41, 7, 1", // rows cut by the cache
        "1, 40, 75, 66, 13, 1", // rows cut for the threads
        "1, 40, 75, 66, 13, 2",
        "2, 33, 23, 23, 35, 1"
    })
    void blocksAreTheWhole(int n, int c, int h, int w, int m, int stride) {
        SplittableRandom r = new SplittableRandom(c);
        Epilogue relu = new Epilogue(Activation.RELU);
        ConvWindow v = ConvWindow.UNIT.pad(1).stride(stride);
        SeparableConv2d op = new SeparableConv2d(v, relu, relu);
        RefArray[] in = {
            whole(r, n, c, h, w),
            whole(r, c, 1, 3, 3),
            whole(r, c),
            whole(r, m, c, 1, 1),
            whole(r, m),
            whole(r, n, m, v.outHeight(h, 3), v.outWidth(w, 3))
        };
        RefArray y = new ReferenceEmitter().run(op, in)[0];
        JvmArray[] given = Arrays.stream(in).map(SeparableJvmTest::array).toArray(JvmArray[]::new);
        for (boolean vector : new boolean[] {true, false}) {
            for (Workers workers : new Workers[] {Workers.SERIAL, Contexts.PARALLEL}) {
                float[] got = new float[y.data().length];
                Arrays.fill(got, Float.NaN);
                JvmArray[] out = {JvmArray.of(y.spec(), got)};
                SeparableJvm.run(op, given, out, Contexts.of(vector, workers));
                for (int i = 0; i < got.length; i++) {
                    assertThat((double) got[i]).as("element " + i).isEqualTo(y.data()[i]);
                }
            }
        }
    }

    private static JvmArray array(RefArray a) {
        TensorSpec spec = a.spec();
        return JvmArray.of(spec, Numbers.floats(a));
    }
}
