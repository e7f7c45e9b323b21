using System.Text.Json;

namespace BillApis.AspNetCore;

/// <summary>Events as <c>application/json</c>: one, or a list under <c>events</c>.</summary>
internal static class JsonDelivery
{
    private const string List = "events";

    public static Delivery Read(JsonElement body)
    {
        var delivery = new Delivery();
        if (body.ValueKind is not JsonValueKind.Object || !body.TryGetProperty(List, out var events))
        {
            // A request that is one event is read like any other body: what is wrong with it is an error of the request.
            var only = EventForm.Read(body);
            delivery.Add(() => only);
            return delivery;
        }

        if (events.ValueKind is not JsonValueKind.Array)
        {
            throw BillingException.Field(List, "must be a list");
        }

        foreach (var unknown in body.EnumerateObject().Select(field => field.Name).Where(name => name != List))
        {
            throw BillingException.Field(unknown, "is not a known field beside events");
        }

        foreach (var item in events.EnumerateArray())
        {
            delivery.Add(() => EventForm.Read(item), EventForm.IdOf(item));
        }

        return delivery;
    }
}
