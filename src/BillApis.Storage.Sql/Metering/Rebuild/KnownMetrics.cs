using System.Diagnostics.CodeAnalysis;
using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>The metrics of a tenant, read again where events count for one that was made since.</summary>
internal sealed class KnownMetrics(Func<CancellationToken, Task<IReadOnlyList<Metric>>> read)
{
    private Dictionary<MetricId, Metric> _known = [];

    /// <summary>Reads them where one of these is not known.</summary>
    public async ValueTask KnowAsync(IReadOnlyCollection<MetricId> ids, CancellationToken cancellationToken)
    {
        if (_known.Count == 0 || !ids.All(_known.ContainsKey))
        {
            _known = (await read(cancellationToken).ConfigureAwait(false)).ToDictionary(metric => metric.Id);
        }
    }

    public bool TryFind(MetricId id, [NotNullWhen(true)] out Metric? metric) => _known.TryGetValue(id, out metric);
}
