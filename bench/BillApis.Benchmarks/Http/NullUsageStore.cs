using System.Reflection;
using BillApis.Metering;

namespace BillApis.Benchmarks.Http;

/// <summary>Accepts every event and keeps none.</summary>
internal class NullUsageStore : DispatchProxy
{
    public static IUsageStore Create() => Create<IUsageStore, NullUsageStore>();

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name is nameof(IUsageStore.AppendAsync)
        ? Task.FromResult<IReadOnlyList<AppendResult>>(new AppendResult[((IReadOnlyList<StampedEvent>)args![1]!).Count])
        : throw new NotSupportedException(targetMethod.Name);
}
