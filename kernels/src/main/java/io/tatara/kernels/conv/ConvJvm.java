package io.tatara.kernels.conv;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.pointwise.Activation;

/** The ops of this room on Java arrays. */
final class ConvJvm {
    private static final Finish NOTHING = new Finish(Activation.NONE, null, null);

    private ConvJvm() {}

    private static TensorSpec[] specs(JvmArray[] in) {
        return new TensorSpec[] {in[0].spec(), in[1].spec()};
    }

    static void conv(Conv2d op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        ConvShape s = op.shape(specs(in));
        float[] y = out[0].f();
        run(Sums.forward(s, in[0].f(), in[1].f(), in[1].packs(), y, Finish.of(op, in)), ctx);
    }

    static void data(Conv2dDataGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        ConvShape s = op.shape(specs(in));
        float[] dx = out[0].f();
        run(Sums.gradient(s, in[0].f(), in[1].f(), in[1].packs(), dx, NOTHING), ctx);
    }

    private static void run(Sums s, JvmContext ctx) {
        if (s.shape().n() == 0) {
            return;
        }
        if (s.shape().depthwise()) {
            DepthwiseConv.run(s, ctx);
        } else {
            DenseConv.run(s, ctx);
        }
    }

    static void weight(Conv2dWeightGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        ConvShape s = op.shape(specs(in));
        WeightGradient.run(s, in[0].f(), in[1].f(), out[0].f(), ctx);
    }
}
