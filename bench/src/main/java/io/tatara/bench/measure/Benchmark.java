package io.tatara.bench.measure;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.check.Case;
import io.tatara.runtime.Device;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.PlanRunner;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Measures a device: its roofs, then what was asked for. */
public final class Benchmark {
    /** What is told of a run while it goes on. */
    public interface Listener {
        default void roofs(Roofs roofs) {}

        default void peers(Map<String, String> facts) {}

        /**
         * @param index of the case, from 0, of {@code count}
         */
        default void begins(Case c, int index, int count) {}

        default void measured(Measurement m) {}

        default void step(StepFigure s) {}

        default void dispatch(DispatchFigure d) {}

        /** Everything so far, for those who keep it in case the run does not come to its end. */
        default void sofar(BenchResult r) {}
    }

    private final Device device;
    private final Plan plan;

    public Benchmark(Device device, Plan plan) {
        this.device = device;
        this.plan = plan;
    }

    private static boolean isJvm(DeviceInfo info) {
        return info.backEnd().equals("jvm");
    }

    /**
     * Runs everything; a case that fails stands in the result with its reason.
     *
     * @throws TataraException if there is no such op, suite or step
     */
    public BenchResult run(Listener listener) {
        List<Case> cases =
                plan.measuresCases()
                        ? BenchCases.list(plan.ops(), plan.suites(), plan.cases(), plan.quick())
                        : List.of();
        plan.steps().forEach(TranslatorSteps::check);
        Roofs roofs = plan.measuresCases() ? roofs() : new Roofs(0, "not measured", List.of());
        if (plan.measuresCases()) {
            listener.roofs(roofs);
        }
        try (Peers peers =
                        plan.python().isEmpty()
                                ? null
                                : Peers.start(plan.python(), device.info(), plan.quick());
                CaseTimer timer =
                        isJvm(device.info())
                                ? new JmhTimer(plan.quick())
                                : new EventTimer(device.backEnd(), plan.quick())) {
            if (peers != null) {
                listener.peers(peers.facts());
            }
            Run run = new Run(roofs, peers, timer, listener);
            for (int i = 0; i < cases.size(); i++) {
                listener.begins(cases.get(i), i, cases.size());
                run.add(cases.get(i));
            }
            for (String step : plan.steps()) {
                run.steps(step);
            }
            if (plan.dispatch()) {
                Dispatch.measure(device, plan.quick()).forEach(run::dispatched);
            }
            return run.result(true);
        }
    }

    /** What has been measured so far. */
    private final class Run {
        private final Roofs roofs;
        private final Peers peers;
        private final CaseTimer timer;
        private final Listener listener;
        private final List<Measurement> cases = new ArrayList<>();
        private final List<StepFigure> steps = new ArrayList<>();
        private final List<DispatchFigure> dispatch = new ArrayList<>();

        Run(Roofs roofs, Peers peers, CaseTimer timer, Listener listener) {
            this.roofs = roofs;
            this.peers = peers;
            this.timer = timer;
            this.listener = listener;
        }

        void add(Case c) {
            Measurement m = measure(c);
            if (peers != null) {
                m = m.withPeers(peers.measure(c, m));
            }
            cases.add(m);
            listener.measured(m);
            listener.sofar(result(false));
        }

        private Measurement measure(Case c) {
            String obstacle = CaseRun.obstacle(device.backEnd(), c);
            if (obstacle != null) {
                return Measurement.skipped(c, obstacle);
            }
            try {
                return Measurement.of(c, timer.sets(c), timer.time(c), roofs);
            } catch (TataraException e) {
                return Measurement.failed(c, e.getMessage());
            }
        }

        void steps(String name) {
            TranslatorSteps.measure(
                    device,
                    peers,
                    plan.quick(),
                    s -> {
                        steps.add(s);
                        listener.step(s);
                        listener.sofar(result(false));
                    });
        }

        void dispatched(DispatchFigure d) {
            dispatch.add(d);
            listener.dispatch(d);
        }

        BenchResult result(boolean finished) {
            Map<String, String> settings = new LinkedHashMap<>();
            settings.put("timer", timer.describe());
            settings.put("quick", Boolean.toString(plan.quick()));
            settings.put("ops", plan.ops().isEmpty() ? "all" : String.join(" ", plan.ops()));
            settings.put("suites", String.join(" ", plan.suites()));
            return new BenchResult(
                    BenchResult.FORMAT,
                    Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                    System.getProperty("tatara.commit", ""),
                    BenchResult.DeviceFacts.of(device.info()),
                    BenchResult.MachineFacts.here(),
                    settings,
                    roofs,
                    peers == null ? Map.of() : peers.facts(),
                    cases,
                    steps,
                    dispatch,
                    finished);
        }
    }

    private Roofs roofs() {
        DeviceInfo info = device.info();
        if (isJvm(info)) {
            int threads = Integer.parseInt(info.traits().getOrDefault("threads", "1"));
            return new JvmRoofs(threads, plan.quick()).measure();
        }
        BackEndDevice backEnd = device.backEnd();
        return backEnd instanceof PlanRunner runner
                ? new PlanRoofs(backEnd, runner, plan.quick()).measure()
                : new Roofs(
                        0, "not measured: " + info.backEnd() + " runs no kernel plans", List.of());
    }
}
