package io.tatara.kernels.recurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.pointwise.Activation;
import org.junit.jupiter.api.Test;

/** Wrong calls are refused by name of op and argument before anything runs. */
class WrongCallsTest {
    private static TensorSpec f(int... dims) {
        return TensorSpec.f32(dims);
    }

    /** Right inputs of a bidirectional LSTM: T 5, N 3, I 4, H 7. */
    private static TensorSpec[] lstm() {
        return new TensorSpec[] {
            f(5, 3, 4),
            TensorSpec.i32(3),
            f(2, 3, 7),
            f(2, 3, 7),
            f(2, 28, 4),
            f(2, 28, 7),
            f(2, 28),
            f(2, 3, 7)
        };
    }

    private static void refused(Op op, TensorSpec[] in, String argument) {
        OpException e = catchThrowableOfType(OpException.class, () -> op.infer(in));
        assertThat(e).as(argument).isNotNull();
        assertThat(e.op()).isEqualTo(op.name());
        assertThat(e.argument()).isEqualTo(argument);
        assertThat(e).hasMessageContaining(op.name()).hasMessageContaining("expected");
    }

    @Test
    void lstmInputs() {
        Op op = new LstmSequence(Direction.BIDIRECTIONAL, 0);
        assertThat(op.infer(lstm())).hasSize(5);
        String[] names = {"x", "lengths", "h0", "c0", "wIh", "wHh", "bias", "peephole"};
        for (int i = 0; i < names.length; i++) {
            TensorSpec[] in = lstm();
            in[i] = f(2, 3, 7, 1);
            refused(op, in, names[i]);
        }
        TensorSpec[] in = lstm();
        in[1] = f(3);
        refused(op, in, "lengths");
        in = lstm();
        in[5] = null;
        refused(op, in, "wHh");
        refused(op, new TensorSpec[3], "inputs");
        refused(new LstmSequence(Direction.FORWARD, 0), lstm(), "wIh");
    }

    @Test
    void oneDtypeThroughout() {
        TensorSpec[] in = lstm();
        in[4] = new TensorSpec(DType.FLOAT16, in[4].shape());
        refused(new LstmSequence(Direction.BIDIRECTIONAL, 0), in, "wIh");
        in = lstm();
        in[0] = TensorSpec.i32(5, 3, 4);
        refused(new LstmSequence(Direction.BIDIRECTIONAL, 0), in, "x");
        for (int i = 0; i < in.length; i++) {
            in[i] = i == 1 ? in[i] : new TensorSpec(DType.BFLOAT16, lstm()[i].shape());
        }
        TensorSpec[] out = new LstmSequence(Direction.BIDIRECTIONAL, 0).infer(in);
        assertThat(out[3]).isEqualTo(new TensorSpec(DType.BFLOAT16, Shape.of(2, 5, 3, 28)));
    }

    @Test
    void noUnitsOrFeatures() {
        Op op = new RnnSequence(Activation.TANH, Direction.FORWARD, 0);
        refused(op, new TensorSpec[] {f(5, 3, 0), null, null, f(1, 2, 0), f(1, 2, 2), null}, "x");
        refused(op, new TensorSpec[] {f(5, 3, 1), null, null, f(1, 0, 1), f(1, 0, 0), null}, "wHh");
    }

    @Test
    void attributes() {
        assertThatThrownBy(() -> new RnnSequence(Activation.GELU, Direction.FORWARD, 0))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("rnn_sequence")
                .hasMessageContaining("activation");
        assertThatThrownBy(() -> new RnnCell(null)).hasMessageContaining("rnn_cell");
        assertThatThrownBy(() -> new GruSequence(true, null, 0))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("direction");
        assertThatThrownBy(() -> new LstmSequence(Direction.FORWARD, -1))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("truncation");
    }

    @Test
    void gradientInputs() {
        TensorSpec s = f(1, 3, 7);
        TensorSpec y = f(5, 3, 7);
        Op gru = new GruSequenceGradient(true, Direction.FORWARD, 2);
        TensorSpec[] in = {
            f(5, 3, 4), null, s, f(1, 21, 4), f(1, 21, 7), y, f(1, 5, 3, 28), y, s, null
        };
        assertThat(gru.infer(in)).hasSize(6);
        String[] names = {"x", "lengths", "h0", "wIh", "wHh", "y", "gates", "dy", "dhN", "dgates"};
        for (int i = 0; i < names.length; i++) {
            TensorSpec[] wrong = in.clone();
            wrong[i] = f(2, 2);
            refused(gru, wrong, names[i]);
        }
        TensorSpec[] cell = {
            f(3, 4), f(3, 7), f(3, 7), f(28, 4), f(28, 7), null, f(3, 7), f(3, 28), null, null, null
        };
        assertThat(new LstmCellGradient().infer(cell)).hasSize(6);
        cell[7] = f(3, 21);
        refused(new LstmCellGradient(), cell, "gates");
    }

    @Test
    void cellInputs() {
        TensorSpec[] gru = {f(3, 4), f(3, 7), f(21, 4), f(21, 7), f(21), null};
        assertThat(new GruCell(false).infer(gru)).hasSize(2);
        gru[1] = f(2, 7);
        refused(new GruCell(false), gru, "h");
        TensorSpec[] lstm = {f(3, 4), f(3, 7), f(3, 6), f(28, 4), f(28, 7), null, null};
        refused(new LstmCell(), lstm, "c");
    }
}
