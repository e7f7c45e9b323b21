namespace BillApis;

/// <summary>How many looks at customers' spend senders of usage wait for in a second; where more comes, it is looked at together.</summary>
internal sealed class SpendPace
{
    private const int OfOne = 20;
    private const int OfAll = 100;
    private const long Span = 1_000;
    private readonly Lock _lock = new();
    private readonly Dictionary<(TenantId, CustomerId), int> _looks = [];
    private int _all;
    private long _since;

    /// <summary>Whether this look may be waited for, which counts as one.</summary>
    public bool Take((TenantId, CustomerId) customer)
    {
        lock (_lock)
        {
            var now = Environment.TickCount64;
            if (now - _since >= Span)
            {
                _looks.Clear();
                (_since, _all) = (now, 0);
            }

            var before = _looks.GetValueOrDefault(customer);
            if (before >= OfOne || _all >= OfAll)
            {
                return false;
            }

            _looks[customer] = before + 1;
            _all++;
            return true;
        }
    }
}
