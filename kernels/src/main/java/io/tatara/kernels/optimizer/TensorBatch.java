package io.tatara.kernels.optimizer;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import java.util.ArrayList;
import java.util.List;

/**
 * Some tensors of a list, of the same types, that one launch takes: its groups are dealt out tensor
 * after tensor. Writes the parameters of the kernel (LISTS), the text that picks a group's tensor
 * (SELECT) and the arguments. Room for {@link #MOST} tensors, or for one: few programs, whatever
 * the model.
 */
final class TensorBatch {
    /** Five pointers and two ints each stay below the kilobyte of arguments that OpenCL grants. */
    private static final int MOST = 8;

    private final String lists;
    private final DType p;
    private final DType g;
    private final List<int[]> tensors = new ArrayList<>(); // inputs' indices, then the size
    private final int elements;
    private int groups;

    private TensorBatch(String lists, DType p, DType g, int elements) {
        this.lists = lists;
        this.p = p;
        this.g = g;
        this.elements = elements;
    }

    /**
     * The batches; tensors without elements are in none.
     *
     * @param first input at which the lists begin
     * @param lists a letter a list: p parameters, g gradients, s gradients that are written, others
     *     moments
     * @param elements elements that a group takes
     */
    static List<TensorBatch> of(
            TensorSpec[] in, int first, int tensors, String lists, int elements) {
        List<TensorBatch> batches = new ArrayList<>();
        for (int j = 0; j < tensors; j++) {
            DType p = in[first + j].dtype();
            DType g = lists.length() > 1 ? in[first + tensors + j].dtype() : p;
            int n = in[first + j].size();
            if (n == 0) {
                continue;
            }
            int needed = (int) ((n + (long) elements - 1) / elements);
            TensorBatch b = batches.isEmpty() ? null : batches.getLast();
            if (b == null
                    || b.tensors.size() == MOST
                    || b.p != p
                    || b.g != g
                    || (long) b.groups + needed > Integer.MAX_VALUE) {
                b = new TensorBatch(lists, p, g, elements);
                batches.add(b);
            }
            int[] tensor = new int[lists.length() + 2];
            for (int l = 0; l < lists.length(); l++) {
                tensor[l] = first + l * tensors + j;
            }
            tensor[lists.length()] = n;
            tensor[lists.length() + 1] = b.groups;
            b.tensors.add(tensor);
            b.groups += needed;
        }
        return batches;
    }

    int groups() {
        return groups;
    }

    private int room() {
        return tensors.size() == 1 ? 1 : MOST;
    }

    private String pointer(char list) {
        return switch (list) {
            case 'p' -> "GLOBAL P*";
            case 'g' -> "GLOBAL const G*";
            case 's' -> "GLOBAL G*";
            default -> "GLOBAL float*";
        };
    }

    private static String name(char list) {
        return list == 's' ? "g" : String.valueOf(list);
    }

    List<Object> defines() {
        StringBuilder parameters = new StringBuilder();
        StringBuilder select = new StringBuilder();
        for (int t = 0; t < room(); t++) {
            StringBuilder pick = new StringBuilder();
            for (char l : lists.toCharArray()) {
                parameters.append(pointer(l)).append(" RESTRICT ").append(name(l)).append(t);
                parameters.append(", ");
                pick.append(t == 0 ? pointer(l) + " " : "").append(name(l)).append(" = ");
                pick.append(name(l)).append(t).append("; ");
            }
            parameters.append("int n").append(t);
            pick.append(t == 0 ? "uint " : "").append("n = (uint)n").append(t).append("; ");
            if (t == 0) {
                select.append(pick).append("int first = 0; ");
            } else {
                parameters.append(", int first").append(t);
                select.append("if (GROUP_ID(0) >= first").append(t).append(") { ").append(pick);
                select.append("first = first").append(t).append("; } ");
            }
            parameters.append(t < room() - 1 ? ", " : "");
        }
        DType storage = p.isHalf() ? p : g;
        return List.of(
                "STORAGE",
                GpuProgram.storage(storage),
                "P_FLOAT",
                p.isHalf() ? 0 : 1,
                "G_FLOAT",
                g.isHalf() ? 0 : 1,
                "LISTS",
                parameters,
                "SELECT",
                select,
                "CENTERED",
                lists.indexOf('a') < 0 ? 0 : 1,
                "MOMENTUM",
                lists.indexOf('m') < 0 ? 0 : 1);
    }

    /** Those of LISTS; tensors that are not there begin behind the last group. */
    List<Object> arguments() {
        List<Object> args = new ArrayList<>();
        for (int t = 0; t < room(); t++) {
            int[] tensor = tensors.get(Math.min(t, tensors.size() - 1));
            for (int l = 0; l < lists.length(); l++) {
                args.add(GpuPlan.in(tensor[l]));
            }
            args.add(tensor[lists.length()]);
            if (t > 0) {
                args.add(t < tensors.size() ? tensor[lists.length() + 1] : Integer.MAX_VALUE);
            }
        }
        return args;
    }
}
