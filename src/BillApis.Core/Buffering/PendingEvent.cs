using BillApis.Metering;

namespace BillApis;

/// <summary>An event that waits to be stored.</summary>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Event">The event.</param>
/// <param name="Bytes">About how much memory it holds.</param>
internal sealed record PendingEvent(TenantId Tenant, UsageEvent Event, long Bytes)
{
    private const int ObjectBytes = 300;
    private const int PropertyBytes = 80;

    public static PendingEvent Of(TenantId tenant, UsageEvent item)
    {
        long letters = item.Id.Length + item.Type.Length + item.Customer.Length + item.Source.Length;
        foreach (var (name, value) in item.Properties.Items)
        {
            letters += name.Length + value.Text.Length;
        }

        return new PendingEvent(tenant, item, ObjectBytes + (PropertyBytes * item.Properties.Items.Length) + (sizeof(char) * letters));
    }
}
