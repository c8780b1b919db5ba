using Recsys.Benchmarks;

return BenchmarkRunner.Run(args);
