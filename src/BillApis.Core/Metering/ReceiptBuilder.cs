using System.Collections.Immutable;
using BillApis.Metering;

namespace BillApis;

/// <summary>Collects what became of each event of a delivery.</summary>
internal sealed class ReceiptBuilder(IReadOnlyList<UsageEvent> events)
{
    private readonly List<RejectedEvent> _rejected = [];
    private readonly List<OrphanedEvent> _orphans = [];
    private int _accepted;
    private int _duplicates;

    public void Refuse(int index, FieldError wrong) =>
        _rejected.Add(new RejectedEvent(index, events[index].Id ?? "", BillingErrorCode.Invalid, BillingException.Field(wrong.Field, wrong.Message).Message, wrong.Field));

    public void Add(int index, AppendResult result)
    {
        var item = events[index];
        switch (result.Outcome)
        {
            case AppendOutcome.Duplicate:
                _duplicates++;
                break;
            case AppendOutcome.Conflict:
                _rejected.Add(new RejectedEvent(index, item.Id, BillingErrorCode.Conflict, $"The source '{item.Source}' sent another event under the id '{item.Id}' before; that one is kept.", "id"));
                break;
            default:
                _accepted++;
                break;
        }

        if (result.Orphan is { } reason)
        {
            _orphans.Add(new OrphanedEvent(index, item.Id, reason, Words(item, reason)));
        }
    }

    public UsageReceipt Build() => new()
    {
        Accepted = _accepted, Duplicates = _duplicates, Rejected = [.. _rejected.OrderBy(item => item.Index)], Orphans = [.. _orphans.OrderBy(item => item.Index)],
    };

    private static string Words(UsageEvent item, OrphanReason reason) => reason switch
    {
        OrphanReason.UnknownCustomer when item.Customer is "" => "The event names no customer, and none can be told otherwise; it is kept.",
        OrphanReason.UnknownCustomer => $"There is no customer '{item.Customer}'; the event is kept and can be recovered once there is.",
        OrphanReason.UnknownSubscription when item.Customer is "" => $"There is no subscription '{item.SubscriptionId}'; the event is kept and can be recovered once there is one.",
        OrphanReason.UnknownSubscription => $"The customer '{item.Customer}' has no subscription '{item.SubscriptionId}'; the event is kept and can be recovered once there is one.",
        OrphanReason.NoMetric => $"No metric counts events of the type '{item.Type}' with these properties; the event is kept and can be recovered once one does.",
        _ => "The period that the event belongs to was billed already; the event is kept as late.",
    };
}
