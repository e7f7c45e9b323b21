namespace BillApis.AspNetCore;

/// <summary>Events as <c>application/x-ndjson</c>: one JSON object a line; empty lines are nothing.</summary>
internal static class LinesDelivery
{
    public static Delivery Read(ReadOnlyMemory<byte> bytes)
    {
        var delivery = new Delivery();
        foreach (var range in bytes.Span.Split((byte)'\n'))
        {
            var line = bytes[range];
            if (!line.Span.ContainsAnyExcept(" \t\r"u8))
            {
                continue;
            }

            delivery.Add(() => EventForm.Read(JsonBody.Parse(line)));
        }

        return delivery;
    }
}
