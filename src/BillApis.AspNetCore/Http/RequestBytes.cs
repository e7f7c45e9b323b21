using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>Reads a whole request body, up to <see cref="Limits.RequestBytes"/>.</summary>
internal static class RequestBytes
{
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength > Limits.RequestBytes)
        {
            throw new HttpRefusal(Failure.TooLarge);
        }

        using var buffer = new MemoryStream((int)(context.Request.ContentLength ?? 0));
        var chunk = new byte[16 * 1024];
        while (await context.Request.Body.ReadAsync(chunk, context.RequestAborted).ConfigureAwait(false) is > 0 and var read)
        {
            if (buffer.Length + read > Limits.RequestBytes)
            {
                throw new HttpRefusal(Failure.TooLarge);
            }

            buffer.Write(chunk, 0, read);
        }

        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }
}
