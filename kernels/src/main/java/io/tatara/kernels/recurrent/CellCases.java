package io.tatara.kernels.recurrent;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Cases of the cells and of their gradients. */
final class CellCases {
    private static final Data GATE = Data.uniform(0.05, 0.95);

    private CellCases() {}

    private static List<Case> all(Function<CaseSizes, Case> make) {
        List<Case> list = new ArrayList<>();
        list.add(make.apply(CaseSizes.of("odd", 1, 5, 3, 7)));
        list.add(make.apply(CaseSizes.of("one of all", 1, 1, 1, 1)));
        list.add(make.apply(CaseSizes.of("empty batch", 1, 0, 3, 5)));
        list.add(make.apply(CaseSizes.of("bare", 1, 2, 3, 4).only("dh")));
        list.add(make.apply(CaseSizes.of("nothing optional", 1, 2, 3, 4).only("")));
        list.add(
                make.apply(
                        CaseSizes.of("some optional", 1, 2, 3, 4).only("bIh peephole dc dgates")));
        list.add(make.apply(CaseSizes.of("other optional", 1, 2, 3, 4).only("bHh bias dh")));
        list.add(make.apply(CaseSizes.of("wide", 1, 33, 20, 70)).large());
        list.add(make.apply(CaseSizes.of("h256 b32", 1, 32, 256, 256)).bench());
        return list;
    }

    private static Case start(CaseSizes s, Case c, int gates, boolean cell) {
        Case r = c.in(TensorSpec.f32(s.n(), s.i())).in(state(s));
        r = cell ? r.in(state(s)) : r;
        return r.in(TensorSpec.f32(gates * s.h(), s.i()), s.weight())
                .in(TensorSpec.f32(gates * s.h(), s.h()), s.weight());
    }

    private static TensorSpec state(CaseSizes s) {
        return TensorSpec.f32(s.n(), s.h());
    }

    private static TensorSpec gates(CaseSizes s) {
        return TensorSpec.f32(s.n(), 4 * s.h());
    }

    private static TensorSpec bias(CaseSizes s, int gates) {
        return TensorSpec.f32(gates * s.h());
    }

    static List<Case> rnn() {
        List<Case> list = new ArrayList<>();
        for (Activation a : List.of(Activation.TANH, Activation.RELU, Activation.SIGMOID)) {
            list.addAll(
                    all(s -> {
                        Case c = start(s, Case.of(s.name() + " " + a, new RnnCell(a)), 1, false);
                        return s.forward(s.maybe(c, "bias", bias(s, 1)));
                    }));
        }
        return list;
    }

    static List<Case> rnnGradient() {
        List<Case> list = new ArrayList<>();
        for (Activation a : List.of(Activation.TANH, Activation.RELU, Activation.SIGMOID)) {
            list.addAll(
                    all(s -> {
                        Case c =
                                start(
                                        s,
                                        Case.of(s.name() + " " + a, new RnnCellGradient(a)),
                                        1,
                                        false);
                        c = c.in(state(s), Data.uniform(-1, 1));
                        return s.backward(s.maybe(c, "dh", state(s)), 1);
                    }));
        }
        return list;
    }

    static List<Case> lstm() {
        return all(s -> {
            Case c = start(s, Case.of(s.name(), new LstmCell()), 4, true);
            c = s.maybe(c, "bias", bias(s, 4));
            return s.forward(s.maybe(c, "peephole", TensorSpec.f32(3, s.h())));
        });
    }

    static List<Case> lstmGradient() {
        return all(s -> {
            Case c = start(s, Case.of(s.name(), new LstmCellGradient()), 4, true);
            c = s.maybe(c, "peephole", TensorSpec.f32(3, s.h())).in(state(s)).in(gates(s), GATE);
            c = s.maybe(s.maybe(c, "dh", state(s)), "dc", state(s));
            return s.backward(s.maybe(c, "dgates", gates(s)), 4);
        });
    }

    static List<Case> gru() {
        List<Case> list = new ArrayList<>();
        for (boolean after : new boolean[] {true, false}) {
            list.addAll(
                    all(s -> {
                        Case c =
                                start(
                                        s,
                                        Case.of(s.name() + name(after), new GruCell(after)),
                                        3,
                                        false);
                        return s.forward(s.maybe(s.maybe(c, "bIh", bias(s, 3)), "bHh", bias(s, 3)));
                    }));
        }
        return list;
    }

    static List<Case> gruGradient() {
        List<Case> list = new ArrayList<>();
        for (boolean after : new boolean[] {true, false}) {
            list.addAll(
                    all(s -> {
                        Case c = Case.of(s.name() + name(after), new GruCellGradient(after));
                        c = s.maybe(start(s, c, 3, false).in(gates(s), GATE), "dh", state(s));
                        return s.backward(s.maybe(c, "dgates", gates(s)), 3);
                    }));
        }
        return list;
    }

    private static String name(boolean after) {
        return after ? "" : " reset before";
    }
}
