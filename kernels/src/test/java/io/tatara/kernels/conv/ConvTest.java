package io.tatara.kernels.conv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.DType;
import io.tatara.kernels.OpException;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.ReferenceEmitter;
import io.tatara.kernels.gpu.GpuTraits;
import org.junit.jupiter.api.Test;

/** What the cases do not say: numbers made by hand, padding, costs, and messages. */
class ConvTest {
    private static final ConvWindow UNIT = ConvWindow.UNIT;

    private static RefArray array(TensorSpec spec, double... values) {
        return new RefArray(spec, values);
    }

    private static TensorSpec[] specs(int[] x, int[] w) {
        return new TensorSpec[] {TensorSpec.f32(x), TensorSpec.f32(w)};
    }

    @Test
    void sumsAsByHand() {
        RefArray x = array(TensorSpec.f32(1, 1, 3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9);
        RefArray w = array(TensorSpec.f32(1, 1, 2, 2), 1, 10, 100, 1000);
        ReferenceEmitter e = new ReferenceEmitter();
        // Not flipped: the kernel's first tap meets the first pixel.
        assertThat(e.run(new Conv2d(UNIT, 1), x, w)[0].data())
                .containsExactly(5421, 6532, 8754, 9865);
        Conv2d strided = new Conv2d(UNIT.stride(2).pad(1, 0, 1, 0), 1);
        assertThat(e.run(strided, x, w)[0].data()).containsExactly(1000, 3200, 7040, 9865);
    }

    @Test
    void transposedConvolutionSpreadsTheKernel() {
        RefArray x = array(TensorSpec.f32(1, 1, 1, 2), 1, 2);
        RefArray w = array(TensorSpec.f32(1, 1, 1, 3), 1, 10, 100);
        ReferenceEmitter e = new ReferenceEmitter();
        Conv2dDataGradient op = new Conv2dDataGradient(UNIT.stride(1, 2), 1, 1, 6);
        // The sixth pixel is output padding, which no tap reaches.
        assertThat(e.run(op, x, w)[0].data()).containsExactly(1, 10, 102, 20, 200, 0);
    }

    @Test
    void samePaddingHasItsLargerHalfBehind() {
        assertThat(UNIT.same(5, 7, 3, 3)).isEqualTo(UNIT.pad(1));
        assertThat(UNIT.same(5, 7, 2, 4)).isEqualTo(UNIT.pad(0, 1, 1, 2));
        assertThat(UNIT.stride(2).same(224, 225, 3, 3)).isEqualTo(UNIT.stride(2).pad(0, 1, 1, 1));
        assertThat(UNIT.dilation(4).same(9, 9, 3, 1)).isEqualTo(UNIT.dilation(4).pad(4, 4, 0, 0));
        assertThat(UNIT.stride(3).same(7, 9, 1, 1)).isEqualTo(UNIT.stride(3));
        for (int stride = 1; stride < 4; stride++) {
            for (int extent = 1; extent < 12; extent++) {
                ConvWindow v = UNIT.stride(stride).same(extent, extent, 3, 2);
                assertThat(v.outHeight(extent, 3)).isEqualTo((extent + stride - 1) / stride);
                assertThat(v.outWidth(extent, 2)).isEqualTo((extent + stride - 1) / stride);
            }
        }
    }

    @Test
    void costsCountProductsAndBytes() {
        Conv2d op = new Conv2d(UNIT.pad(1), 1);
        TensorSpec[] in = specs(new int[] {2, 3, 8, 8}, new int[] {5, 3, 3, 3});
        assertThat(op.cost(in).flops()).isEqualTo(2.0 * 2 * 5 * 64 * 27);
        assertThat(op.cost(in).bytes()).isEqualTo(4.0 * (384 + 135 + 640));
        assertThat(op.infer(in)[0].shape()).isEqualTo(Shape.of(2, 5, 8, 8));
    }

    @Test
    void axesOfAGradientMeetEachTapOnce() {
        for (int stride = 1; stride <= 4; stride++) {
            for (int dilation = 1; dilation <= 4; dilation++) {
                int taps = 0;
                int places = 0;
                for (Axis a : Axis.gradient(9, stride, 2, dilation, 5)) {
                    taps += a.taps();
                    places += a.count();
                }
                assertThat(places).isEqualTo(9);
                // Each tap belongs to one place within the stride.
                assertThat(taps).as(stride + ", " + dilation).isEqualTo(5);
            }
        }
    }

    @Test
    void refusesWrongWindows() {
        assertThatThrownBy(() -> UNIT.stride(0))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'stride'")
                .hasMessageContaining("0, 0");
        assertThatThrownBy(() -> UNIT.dilation(1, -1)).hasMessageContaining("'dilation'");
        assertThatThrownBy(() -> UNIT.pad(0, -1, 0, 0)).hasMessageContaining("'padding'");
        assertThatThrownBy(() -> new Conv2d(UNIT, 0)).hasMessageContaining("'groups'");
        assertThatThrownBy(() -> new Conv2d(null, 1)).hasMessageContaining("'window'");
    }

    @Test
    void refusesWrongShapes() {
        Conv2d op = new Conv2d(UNIT, 2);
        assertThatThrownBy(() -> op.infer(specs(new int[] {1, 3, 4, 4}, new int[] {4, 2, 3, 3})))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("conv2d")
                .hasMessageContaining("'weight'");
        assertThatThrownBy(() -> op.infer(specs(new int[] {1, 4, 4, 4}, new int[] {3, 2, 3, 3})))
                .hasMessageContaining("'weight'")
                .hasMessageContaining("2 equal groups");
        assertThatThrownBy(() -> op.infer(specs(new int[] {1, 4, 2, 4}, new int[] {4, 2, 3, 3})))
                .hasMessageContaining("'x'")
                .hasMessageContaining("3 x 3 taps");
        assertThatThrownBy(() -> op.infer(specs(new int[] {4, 4, 4}, new int[] {4, 2, 3, 3})))
                .hasMessageContaining("rank 4");
        ConvWindow far = UNIT.pad(1 << 20);
        assertThatThrownBy(() ->
                        new Conv2d(far, 1)
                                .infer(specs(new int[] {1, 1, 4, 4}, new int[] {1, 1, 1, 1})))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("padded image");
        Conv2dDataGradient back = new Conv2dDataGradient(UNIT.stride(2), 1, 9, 9);
        assertThatThrownBy(() -> back.infer(specs(new int[] {1, 3, 5, 4}, new int[] {3, 2, 3, 3})))
                .hasMessageContaining("conv2d_data_gradient")
                .hasMessageContaining("'dy'")
                .hasMessageContaining("4, 4");
    }

    /** A term's distance from its patch's beginning must fit its word of the table on CUDA. */
    @Test
    void farPaddingIsForThePortableKernel() {
        TensorSpec[] in = specs(new int[] {1, 8, 1, 1000}, new int[] {8, 8, 1, 3});
        GpuTraits traits = GpuTraits.cuda(90, 132);
        for (int dilation : new int[] {1 << 20, 1 << 24}) {
            Conv2d op = new Conv2d(UNIT.pad(0, 0, 2 * dilation, 0).dilation(1, dilation), 1);
            assertThat(op.infer(in)[0].shape()).isEqualTo(Shape.of(1, 8, 1, 1000));
            assertThat(ConvImplicit.CONV.supports(op, in, traits)).isEqualTo(dilation == 1 << 20);
        }
    }

    /** What the copy engine cannot read, and what would not fill the chip, is for other kernels. */
    @Test
    void pointwiseLayersThatFillHopperAreItsProducts() {
        assertThat(hopper(UNIT, 1, DType.FLOAT16, 8, 256, 28, 256)).isTrue();
        assertThat(hopper(UNIT, 1, DType.BFLOAT16, 64, 512, 56, 128)).isTrue();
        assertThat(hopper(UNIT, 1, DType.FLOAT32, 8, 256, 28, 256)).isFalse();
        assertThat(hopper(UNIT, 1, DType.FLOAT16, 64, 512, 14, 512)).isFalse();
        assertThat(hopper(UNIT, 1, DType.FLOAT16, 8, 260, 28, 256)).isFalse();
        assertThat(hopper(UNIT, 1, DType.FLOAT16, 1, 64, 28, 64)).isFalse();
        assertThat(hopper(UNIT, 1, DType.FLOAT16, 0, 256, 28, 256)).isFalse();
        assertThat(hopper(UNIT, 2, DType.FLOAT16, 8, 256, 28, 256)).isFalse();
        assertThat(hopper(UNIT.stride(2), 1, DType.FLOAT16, 8, 256, 56, 256)).isFalse();
        assertThat(hopper(UNIT.pad(1), 1, DType.FLOAT16, 8, 256, 30, 256)).isFalse();
        // As many pixels behind as before, but not the same ones.
        assertThat(hopper(UNIT.pad(4).stride(2), 1, DType.FLOAT16, 64, 256, 8, 256)).isFalse();
    }

    private static boolean hopper(
            ConvWindow v, int groups, DType type, int n, int c, int size, int m) {
        GpuTraits hopper = GpuTraits.cuda(90, 132);
        TensorSpec[] in = {
            TensorSpec.f32(n, c, size, size).withDType(type),
            TensorSpec.f32(m, c / groups, 1, 1).withDType(type)
        };
        Conv2d op = new Conv2d(v, groups);
        boolean forward = PointwiseHopper.CONV.supports(op, in, hopper);
        assertThat(PointwiseHopper.CONV.supports(op, in, GpuTraits.cuda(80, 132))).isFalse();
        in[0] = op.infer(in)[0];
        Conv2dDataGradient back = new Conv2dDataGradient(v, groups, size, size);
        assertThat(PointwiseHopper.DATA.supports(back, in, hopper)).isEqualTo(forward);
        return forward;
    }
}
