using BenchmarkDotNet.Running;
using BillApis.Benchmarks.Ledger;
using BillApis.Benchmarks.Usage;

if (args is ["intake", ..])
{
    return await IntakeBench.RunAsync(args[1..]);
}

if (args is ["ledger", ..])
{
    return await LedgerBench.RunAsync(args[1..]);
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
