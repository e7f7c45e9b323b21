using BenchmarkDotNet.Running;
using BillApis.Benchmarks.Http;
using BillApis.Benchmarks.Ledger;
using BillApis.Benchmarks.Quotas;
using BillApis.Benchmarks.Runs;
using BillApis.Benchmarks.Usage;

switch (args)
{
    case ["intake", ..]:
        return await IntakeBench.RunAsync(args[1..]);
    case ["reads", ..]:
        return await ReadBench.RunAsync(args[1..]);
    case ["ledger", ..]:
        return await LedgerBench.RunAsync(args[1..]);
    case ["http", ..]:
        return await HttpBench.RunAsync(args[1..]);
    case ["import", ..]:
        return await ImportBench.RunAsync(args[1..]);
    case ["quotas", ..]:
        return await QuotaBench.RunAsync();
    case ["runs", ..]:
        return await RunBench.RunAsync(args[1..]);
    case ["spend", ..]:
        return await SpendBench.RunAsync();
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
}
