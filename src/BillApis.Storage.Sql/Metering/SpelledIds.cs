using System.Runtime.InteropServices;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Spells ids once where rows of the same customer lie together, and name the same metrics over and over.</summary>
internal sealed class SpelledIds
{
    private const int MostMetrics = 1_000;
    private readonly Dictionary<MetricId, string> _metrics = [];
    private (CustomerId Id, string? Text) _customer;
    private (SubscriptionId Id, string? Text) _subscription;

    public string Of(CustomerId id) => (_customer = _customer.Text is not null && _customer.Id == id ? _customer : (id, id.ToString())).Text!;

    public string? Of(SubscriptionId? id) => id is { } named ? (_subscription = _subscription.Text is not null && _subscription.Id == named ? _subscription : (named, named.ToString())).Text : null;

    public string Of(MetricId id)
    {
        if (_metrics.Count > MostMetrics)
        {
            _metrics.Clear();
        }

        return CollectionsMarshal.GetValueRefOrAddDefault(_metrics, id, out _) ??= id.ToString();
    }
}
