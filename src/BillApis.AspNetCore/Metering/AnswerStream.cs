namespace BillApis.AspNetCore;

/// <summary>The body of an answer as its reader reads it; at its end the call is over.</summary>
internal sealed class AnswerStream(Stream inner, MeteredCall call) : CountingStream(inner, call.Received)
{
    public override int Read(Span<byte> buffer)
    {
        try
        {
            var read = base.Read(buffer);
            if (read == 0 && buffer.Length > 0)
            {
                call.End("completed");
            }

            return read;
        }
        catch (Exception failure)
        {
            call.End(MeteredCall.Outcome(failure));
            throw;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            var read = await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read == 0 && buffer.Length > 0)
            {
                await call.EndAsync("completed").ConfigureAwait(false);
            }

            return read;
        }
        catch (Exception failure)
        {
            await call.EndAsync(MeteredCall.Outcome(failure)).ConfigureAwait(false);
            throw;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Inner.Dispose();
            call.Leave();
        }

        base.Dispose(disposing);
    }
}
